// SPDX-License-Identifier: MIT
#include "compare/log_scale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace exitledger {
namespace {

TEST(LogScale, PutsDecadesAtEqualDistances) {
  const LogScale scale(1, 10'000);
  EXPECT_DOUBLE_EQ(scale.percent(1), 0);
  EXPECT_DOUBLE_EQ(scale.percent(100), 50);
  EXPECT_DOUBLE_EQ(scale.percent(10'000), 100);
  EXPECT_DOUBLE_EQ(scale.percent(1e9), 100);
  EXPECT_DOUBLE_EQ(scale.percent(0), 0);
  EXPECT_EQ(scale.ticks(5).size(), 5U);
}

TEST(LogScale, LabelsAreAsManyAsThereIsRoomForAndEvenlyApart) {
  for (double high = 1; high < 1e20; high *= 7) {
    for (const int room : {1, 4, 6}) {
      std::vector<double> labelled;
      for (const LogScale::Tick& tick : LogScale(0.5, high).ticks(room)) {
        EXPECT_GE(tick.percent, 0);
        EXPECT_LE(tick.percent, 100);
        if (tick.labelled) labelled.push_back(tick.percent);
      }
      EXPECT_GE(labelled.size(), 1U) << high;
      EXPECT_LE(labelled.size(), static_cast<std::size_t>(room)) << high;
      for (std::size_t i = 2; i < labelled.size(); ++i)
        EXPECT_NEAR(labelled[i] - labelled[i - 1], labelled[1] - labelled[0], 1e-9) << high;
    }
  }
}

TEST(LogScale, LabelsAreShort) {
  EXPECT_EQ(count_label(1), "1");
  EXPECT_EQ(count_label(100), "100");
  EXPECT_EQ(count_label(std::pow(10.0, 3)), "1k");
  EXPECT_EQ(count_label(1e8), "100M");
  EXPECT_EQ(duration_label(1), "1 ns");
  EXPECT_EQ(duration_label(1e5), "100 us");
  EXPECT_EQ(duration_label(1e10), "10 s");
}

}  // namespace
}  // namespace exitledger
