// SPDX-License-Identifier: MIT
#include "witness/tsc_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

constexpr const char* kFile = "devices/system/clocksource/clocksource0/current_clocksource";

TEST(TscClock, APairLiesBetweenTwoReadsOfTheClock) {
  const std::uint64_t before = monotonic_now_ns();
  const ClockPair first = read_clock_pair();
  const ClockPair second = read_clock_pair();
  const std::uint64_t after = monotonic_now_ns();
  EXPECT_GE(first.monotonic_ns, before);
  EXPECT_LE(second.monotonic_ns, after);
  EXPECT_GT(second.monotonic_ns, first.monotonic_ns);
  EXPECT_GT(second.tsc, first.tsc);
  EXPECT_GT(first.error_ns, 0U);
  EXPECT_LE(first.error_ns, after - before);
}

TEST(TscClock, OnlyTheTscAsClocksourceWillDo) {
  const TempTree sys;
  EXPECT_FALSE(monotonic_runs_on_tsc(sys.path().string()));
  sys.write(kFile, "tsc\n");
  EXPECT_TRUE(monotonic_runs_on_tsc(sys.path().string()));
  sys.write(kFile, "hpet\n");
  const auto other = monotonic_runs_on_tsc(sys.path().string());
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message(), HasSubstr("hpet"));
}

}  // namespace
}  // namespace exitledger
