// SPDX-License-Identifier: MIT
#include "experiment/schedule.h"

#include <gtest/gtest.h>

namespace exitledger {
namespace {

using namespace std::chrono_literals;

TEST(Schedule, ModesTakeTurns) {
  std::string order;
  for (const PlannedRun& run : interleaved({"ept", "shadow"}, 3))
    order += run.mode.substr(0, 1) + std::to_string(run.number) + " ";
  EXPECT_EQ(order, "e1 s1 e2 s2 e3 s3 ");
}

TEST(Schedule, TheRestTakesWhatItsModeTook) {
  const auto plan = interleaved({"ept", "shadow"}, 3);
  EXPECT_EQ(time_left(plan, {}), 0s);
  EXPECT_EQ(time_left(plan, {10s}), 50s) << "the other mode has not run";
  EXPECT_EQ(time_left(plan, {10s, 40s}), 100s);
  EXPECT_EQ(time_left(plan, {10s, 40s, 20s}), 40s + 15s + 40s);
  EXPECT_EQ(time_left(plan, {10s, 40s, 20s, 1s, 1s, 1s}), 0s);
}

TEST(Schedule, DurationsAreForPeople) {
  EXPECT_EQ(about(45s), "45 s");
  EXPECT_EQ(about(170s), "3 min");
  EXPECT_EQ(about(2h + 10min), "2 h 10 min");
}

}  // namespace
}  // namespace exitledger
