// SPDX-License-Identifier: MIT
#include "crosscheck/interval.h"

#include <gtest/gtest.h>

#include <limits>

namespace exitledger {
namespace {

Round round_of(std::uint64_t before, std::uint64_t leaf, std::uint64_t after, std::uint32_t window) {
  return {.cpu = 0, .reason = 10, .window = window, .ebpf_before = before, .leaf = leaf, .ebpf_after = after, .own = 0};
}

TEST(Interval, ExactRoundIsAPoint) {
  EXPECT_EQ(interval_of(round_of(7, 12, 7, 0)), (Interval{5, 5}));
  EXPECT_EQ(interval_of(round_of(12, 7, 12, 0)), (Interval{-5, -5}));
}

TEST(Interval, MovementAndWindowWidenDownwards) {
  EXPECT_EQ(interval_of(round_of(7, 12, 9, 0)), (Interval{3, 5}));
  EXPECT_EQ(interval_of(round_of(7, 12, 9, 2)), (Interval{1, 5}));
}

TEST(Interval, IntersectionKeepsWhatBothAllow) {
  EXPECT_EQ((Interval{1, 5}.intersect({3, 9})), (Interval{3, 5}));
  EXPECT_TRUE((Interval{1, 2}.intersect({3, 9})).empty());
  EXPECT_TRUE((Interval{1, 3}.intersect({3, 9})).point());
}

TEST(Interval, DeviationIsSignedAndZeroWhereAValueIsShared) {
  EXPECT_EQ((Interval{7, 7}.deviation_from({5, 5})), 2);
  EXPECT_EQ((Interval{1, 2}.deviation_from({5, 9})), -3);
  EXPECT_EQ((Interval{1, 5}.deviation_from({5, 9})), 0);
}

TEST(Interval, NonsenseCountsAreDefinedBehaviour) {
  const auto max = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(interval_of(round_of(0, max, max, 3)), (Interval{-3, -1}));
  EXPECT_EQ((Interval{std::numeric_limits<std::int64_t>::min(), 0}.shifted(-1).low),
            std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace exitledger
