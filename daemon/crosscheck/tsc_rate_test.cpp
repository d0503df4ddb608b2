// SPDX-License-Identifier: MIT
#include "crosscheck/tsc_rate.h"

#include <gtest/gtest.h>

namespace exitledger {
namespace {

constexpr std::uint64_t kOneSecond = 1'000'000'000;

TEST(TscRate, NeedsTwoPairsFarEnoughApart) {
  TscRate rate;
  EXPECT_FALSE(rate.rate());
  EXPECT_FALSE(rate.steady());
  rate.accept({.tsc = 5000, .monotonic_ns = 1000, .error_ns = 100});
  EXPECT_FALSE(rate.rate());
  // 200 ns of error in 100 us are 2000 ppm.
  rate.accept({.tsc = 5000 + 200'000, .monotonic_ns = 1000 + 100'000, .error_ns = 100});
  EXPECT_FALSE(rate.rate());
  rate.accept({.tsc = 5000 + 2'000'000, .monotonic_ns = 1000 + 1'000'000, .error_ns = 100});
  ASSERT_TRUE(rate.rate());
  EXPECT_DOUBLE_EQ(rate.rate()->hz, 2e9);
  EXPECT_DOUBLE_EQ(rate.rate()->error, TscRate::kWander + 200e-6);
  EXPECT_TRUE(rate.steady());
}

TEST(TscRate, IsTheAverageSinceTheFirstPair) {
  TscRate rate;
  rate.accept({.tsc = 0, .monotonic_ns = 0, .error_ns = 1});
  rate.accept({.tsc = 1'000'000'000, .monotonic_ns = kOneSecond, .error_ns = 1});
  rate.accept({.tsc = 2'001'000'000, .monotonic_ns = 2 * kOneSecond, .error_ns = 1});
  ASSERT_TRUE(rate.rate());
  EXPECT_DOUBLE_EQ(rate.rate()->hz, 1'000'500'000);
  EXPECT_TRUE(rate.steady());  // 500 ppm off on either side
}

TEST(TscRate, AStretchThatRanOtherwiseIsNotSteady) {
  for (const std::uint64_t ticks : {1'010'000'000U, 990'000'000U}) {
    TscRate rate;
    rate.accept({.tsc = 0, .monotonic_ns = 0, .error_ns = 1});
    rate.accept({.tsc = 9'000'000'000, .monotonic_ns = 9 * kOneSecond, .error_ns = 1});
    EXPECT_TRUE(rate.steady());
    rate.accept({.tsc = 9'000'000'000 + ticks, .monotonic_ns = 10 * kOneSecond, .error_ns = 1});
    EXPECT_TRUE(rate.rate());
    EXPECT_FALSE(rate.steady()) << ticks;
  }
}

TEST(TscRate, ShortStretchesAreJudgedTogether) {
  TscRate rate;
  rate.accept({.tsc = 0, .monotonic_ns = 0, .error_ns = 1});
  // Alternately 5 % too fast and too slow, a tenth of a second each: none is long enough to be told.
  std::uint64_t tsc = 0;
  for (std::uint64_t tenth = 1; tenth <= 20; ++tenth) {
    tsc += tenth % 2 == 0 ? 95'000'000U : 105'000'000U;
    rate.accept({.tsc = tsc, .monotonic_ns = tenth * kOneSecond / 10, .error_ns = 1});
  }
  EXPECT_TRUE(rate.steady());
  EXPECT_DOUBLE_EQ(rate.rate()->hz, 1e9);
}

TEST(TscRate, AClockThatFellTellsNothing) {
  TscRate rate;
  rate.accept({.tsc = 0, .monotonic_ns = 0, .error_ns = 1});
  rate.accept({.tsc = 3'000'000'000, .monotonic_ns = kOneSecond, .error_ns = 1});
  rate.accept({.tsc = 1'000, .monotonic_ns = 2 * kOneSecond, .error_ns = 1});
  EXPECT_FALSE(rate.rate());
  EXPECT_FALSE(rate.steady());
  rate.accept({.tsc = 6'000'000'000, .monotonic_ns = 3 * kOneSecond, .error_ns = 1});
  EXPECT_FALSE(rate.rate());
}

}  // namespace
}  // namespace exitledger
