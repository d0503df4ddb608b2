// SPDX-License-Identifier: MIT
#include "compare/repeats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace exitledger {
namespace {

struct Known {
  std::size_t n, low, high;
  double coverage;
};

class MedianRanksKnown : public testing::TestWithParam<Known> {};

// Ranks as the tables of nonparametric statistics have them (Conover; Gibbons and Chakraborti: confidence interval of
// the median); coverage is 1 - 2 * (sum of binomials below the rank) / 2^n, worked out by hand.
TEST_P(MedianRanksKnown, AreTheTablesOnes) {
  const Known& known = GetParam();
  const auto ranks = median_ranks(known.n);
  ASSERT_TRUE(ranks);
  EXPECT_EQ(ranks->low, known.low);
  EXPECT_EQ(ranks->high, known.high);
  EXPECT_NEAR(ranks->coverage, known.coverage, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Repeats, MedianRanksKnown,
                         testing::Values(Known{6, 1, 6, 1 - 2.0 / 64}, Known{7, 1, 7, 1 - 2.0 / 128},
                                         Known{8, 1, 8, 1 - 2.0 / 256}, Known{9, 2, 8, 1 - 2 * 10.0 / 512},
                                         Known{10, 2, 9, 1 - 2 * 11.0 / 1024}, Known{12, 3, 10, 1 - 2 * 79.0 / 4096},
                                         Known{20, 6, 15, 1 - 2 * 21'700.0 / 1'048'576}),
                         [](const auto& row) { return "n" + std::to_string(row.param.n); });

TEST(Repeats, NoIntervalBelowSixRepeats) {
  for (std::size_t n = 0; n < 6; ++n) EXPECT_FALSE(median_ranks(n)) << n;
  EXPECT_FALSE(spread_of<std::uint64_t>({1, 2, 3, 4, 5}).interval);
  EXPECT_TRUE(spread_of<std::uint64_t>({1, 2, 3, 4, 5, 6}).interval);
}

/// P(Binomial(n, 1/2) < rank) in whole numbers; n below 63.
double below(std::size_t n, std::size_t rank) {
  std::vector<std::uint64_t> pascal{1};
  for (std::size_t row = 1; row <= n; ++row) {
    pascal.push_back(0);
    for (std::size_t i = row; i > 0; --i) pascal[i] += pascal[i - 1];
  }
  const auto end = pascal.begin() + static_cast<std::ptrdiff_t>(rank);
  return static_cast<double>(std::accumulate(pascal.begin(), end, std::uint64_t{0})) /
         static_cast<double>(std::uint64_t{1} << n);
}

TEST(Repeats, TheIntervalIsTheNarrowestThatCovers) {
  for (std::size_t n = 6; n < 63; ++n) {
    const auto ranks = median_ranks(n);
    ASSERT_TRUE(ranks) << n;
    EXPECT_EQ(ranks->low + ranks->high, n + 1) << n;
    EXPECT_NEAR(ranks->coverage, 1 - 2 * below(n, ranks->low), 1e-12) << n;
    EXPECT_GE(ranks->coverage, 0.95) << n;
    EXPECT_LT(1 - 2 * below(n, ranks->low + 1), 0.95) << n;
  }
}

TEST(Repeats, ManyRepeatsAreAsTheNormalDistributionHasThem) {
  for (const std::size_t n : {200U, 1'000U, 1'100U, 5'000U, 100'000U}) {
    const auto ranks = median_ranks(n);
    ASSERT_TRUE(ranks) << n;
    const double out = static_cast<double>(n) / 2 - static_cast<double>(ranks->low) + 0.5;
    EXPECT_NEAR(out, 1.96 * std::sqrt(static_cast<double>(n)) / 2, 1.1) << n;
    EXPECT_GE(ranks->coverage, 0.95) << n;
  }
}

TEST(Repeats, SpreadOfSix) {
  const auto spread = spread_of<std::uint64_t>({30, 10, 60, 20, 50, 41});
  EXPECT_EQ(spread.n, 6U);
  EXPECT_EQ(spread.median, 36U) << "35.5: a half is rounded up";
  EXPECT_EQ(spread.min, 10U);
  EXPECT_EQ(spread.max, 60U);
  ASSERT_TRUE(spread.interval);
  EXPECT_EQ(spread.interval->low, 10U);
  EXPECT_EQ(spread.interval->high, 60U);
  EXPECT_DOUBLE_EQ(spread.interval->coverage, 0.96875);
}

TEST(Repeats, SpreadOfTwelveTakesTheThirdFromEachEnd) {
  std::vector<std::uint64_t> values(12);
  std::iota(values.rbegin(), values.rend(), 1);
  const auto spread = spread_of(values);
  EXPECT_EQ(spread.median, 7U);
  EXPECT_EQ(spread.interval->low, 3U);
  EXPECT_EQ(spread.interval->high, 10U);
}

TEST(Repeats, OneIsItsOwnSpreadAndNoneIsZero) {
  const auto one = spread_of<std::uint64_t>({7});
  EXPECT_EQ(one.n, 1U);
  EXPECT_EQ(one.median, 7U);
  EXPECT_EQ(one.min, 7U);
  EXPECT_EQ(one.max, 7U);
  EXPECT_EQ(spread_of<std::uint64_t>({}), Spread<std::uint64_t>{});
  EXPECT_FALSE(median_of({}));
}

TEST(Repeats, NothingOverflowsAndSignsHold) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(spread_of<std::uint64_t>({kMost, kMost}).median, kMost);
  EXPECT_EQ(spread_of<std::uint64_t>({0, 1}).median, 1U) << "0 never hides a 1";
  EXPECT_EQ(spread_of<std::int64_t>({-3, -4}).median, -3);
  EXPECT_EQ(spread_of<std::int64_t>({-1, -100, 5}).median, -1);
  EXPECT_DOUBLE_EQ(median_of({4, 1, 2, 3}).value_or(0), 2.5);
}

}  // namespace
}  // namespace exitledger
