// SPDX-License-Identifier: MIT
// Rounds that are no points: B1 < B2, or CPUs inside the window.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crosscheck/crosscheck.h"
#include "crosscheck/simulated_host.h"

namespace exitledger {
namespace {

Reading bracket(std::uint64_t before, std::uint64_t leaf, std::uint64_t after, std::uint32_t window) {
  Reading reading;
  reading.epoch = 1;
  reading.cpus = {0};
  reading.rounds = {{.cpu = 0,
                     .reason = vmx::kCpuid,
                     .window = window,
                     .ebpf_before = before,
                     .leaf = leaf,
                     .ebpf_after = after,
                     .own = 0}};
  return reading;
}

struct BracketCase {
  const char* name;
  std::vector<Reading> readings;  // session with base 0
  Verdict verdict;
  std::int64_t residual;
};

class Bracket : public testing::TestWithParam<BracketCase> {};

TEST_P(Bracket, IsJudgedByWhatItLeavesPossible) {
  CrossCheck check(Vendor::kVmx, {{0, vmx::kCpuid, 0}});
  for (const Reading& reading : GetParam().readings) check.accept(reading, 0);
  EXPECT_EQ(check.verdict(), GetParam().verdict) << check.why();
  EXPECT_EQ(row_of(check, vmx::kCpuid).residual, GetParam().residual);
}

INSTANTIATE_TEST_SUITE_P(
    CrossCheck, Bracket,
    testing::Values(
        BracketCase{"Moving", {bracket(10, 12, 15, 0)}, Verdict::kWithinBracket, 0},
        BracketCase{"QuietButWindowOpen", {bracket(10, 10, 10, 2)}, Verdict::kWithinBracket, 0},
        BracketCase{"InTheLeafNotYetInTheProbe", {bracket(10, 11, 10, 1)}, Verdict::kWithinBracket, 0},
        BracketCase{"AheadOfAllThatCanBeInside", {bracket(10, 18, 15, 2)}, Verdict::kDisagrees, 1},
        BracketCase{"BehindTheFirstRead", {bracket(10, 9, 15, 0)}, Verdict::kDisagrees, -1},
        BracketCase{"ExactAfterBracket", {bracket(10, 12, 15, 0), bracket(20, 20, 20, 0)}, Verdict::kAgrees, 0},
        BracketCase{"BracketAfterExact", {bracket(10, 10, 10, 0), bracket(20, 21, 23, 0)}, Verdict::kWithinBracket, 0}),
    [](const auto& test) { return test.param.name; });

TEST(CrossCheck, BracketsNarrowAnUnknownConstantUntilAPointCanProveIt) {
  CrossCheck check(Vendor::kVmx, {});
  check.accept(bracket(10, 112, 13, 0), 0);  // K in [99, 102]
  EXPECT_EQ(check.verdict(), Verdict::kWithinBracket);
  check.accept(bracket(20, 120, 20, 0), 0);  // K = 100: set, not yet met again
  EXPECT_EQ(check.verdict(), Verdict::kWithinBracket);
  check.accept(bracket(30, 130, 30, 0), 0);
  EXPECT_EQ(check.verdict(), Verdict::kAgrees);
}

TEST(CrossCheck, BracketsThatShareNoConstantDisagree) {
  CrossCheck check(Vendor::kVmx, {});
  check.accept(bracket(10, 112, 13, 0), 0);  // [99, 102]
  check.accept(bracket(20, 125, 22, 0), 0);  // [103, 105]
  EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
  EXPECT_EQ(row_of(check, vmx::kCpuid).residual, 1);
}

}  // namespace
}  // namespace exitledger
