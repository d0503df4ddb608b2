// SPDX-License-Identifier: MIT
// What ends a session's provability: resets, other epochs, readings that are not whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "crosscheck/crosscheck.h"
#include "crosscheck/simulated_host.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kWrap = std::uint64_t{1} << 32;

struct BreakCase {
  const char* name;
  std::function<void(Reading&)> spoil;
  const char* why;
};

class Break : public testing::TestWithParam<BreakCase> {};

TEST_P(Break, CannotTellFromThenOnAndKeepsTheLastGoodCounts) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(0, vmx::kCpuid, 17);
  host.own_exit(0, vmx::kCpuid, 3);
  check.accept(host.sweep(), 0);
  ASSERT_EQ(check.verdict(), Verdict::kAgrees);

  host.exit(0, vmx::kCpuid, 5);
  Reading spoilt = host.sweep();
  GetParam().spoil(spoilt);
  check.accept(spoilt, 0);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
  EXPECT_THAT(check.why(), HasSubstr(GetParam().why));
  EXPECT_EQ(row_of(check, vmx::kCpuid).ebpf, 20u);
  EXPECT_EQ(row_of(check, vmx::kCpuid).verdict, Verdict::kCannotTell);
  EXPECT_EQ(check.readings(), 1u);
  EXPECT_EQ(check.raw().front().leaf, 20u) << "the rounds shown are those that the counts come from";

  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
  EXPECT_EQ(check.readings(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    CrossCheck, Break,
    testing::Values(BreakCase{"OtherEpoch", [](Reading& r) { r.epoch ^= 1; }, "another epoch"},
                    BreakCase{"OtherPaging", [](Reading& r) { r.paging = Paging::kShadow; }, "paging mode changed"},
                    BreakCase{"OtherVendor", [](Reading& r) { r.vendor = Vendor::kSvm; }, "svm"},
                    BreakCase{"LeafFell", [](Reading& r) { r.rounds[0].leaf = 19; }, "a count of CPUID fell on CPU 0"},
                    BreakCase{"EbpfFell", [](Reading& r) { r.rounds[0].ebpf_before = r.rounds[0].ebpf_after = 19; },
                              "CPUID fell"},
                    BreakCase{"OwnFell", [](Reading& r) { r.rounds[0].own = 2; }, "CPUID fell"},
                    BreakCase{"EbpfFellWithinARound", [](Reading& r) { r.rounds[0].ebpf_after -= 1; }, "CPUID fell"},
                    BreakCase{"CountedTwice", [](Reading& r) { r.rounds.push_back(r.rounds[0]); }, "came twice"}),
    [](const auto& test) { return test.param.name; });

TEST(CrossCheck, ABreakDoesNotHideADisagreementBeforeIt) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.in_leaf(0, vmx::kCpuid);
  check.accept(host.sweep(), 0);
  host.epoch ^= 1;
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
}

TEST(CrossCheck, AFallIsAResetInTheFirstRoundToo) {
  SimulatedHost host = two_cpus();
  host.in_ebpf(0, vmx::kCpuid, 10);
  CrossCheck check(Vendor::kVmx, host.bases());
  host.ebpf(0, vmx::kCpuid) = 9;
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
  EXPECT_EQ(check.readings(), 0u);
}

TEST(CrossCheck, ALeafThatWrapsAt32BitsDisagrees) {
  for (const bool at_load : {true, false}) {
    SimulatedHost host = two_cpus();
    CrossCheck check(Vendor::kVmx, at_load ? host.bases() : std::vector<Base>{});
    host.exit(0, vmx::kCpuid, kWrap - 1000);
    check.accept(host.sweep(), 0);
    host.exit(0, vmx::kCpuid, 1500);
    Reading reading = host.sweep();
    for (Round& round : reading.rounds) round.leaf %= kWrap;
    check.accept(reading, 0);
    EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
    EXPECT_THAT(check.why(), HasSubstr("CPUID"));
    EXPECT_THAT(check.why(), HasSubstr("32 bits"));
    EXPECT_EQ(row_of(check, vmx::kCpuid).residual, -static_cast<std::int64_t>(kWrap));
    EXPECT_EQ(row_of(check, vmx::kHlt).reason, 0xFFFF);
  }
}

TEST(CrossCheck, ASixtyFourBitLeafPassesTheSameMark) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(0, vmx::kCpuid, kWrap - 1000);
  check.accept(host.sweep(), 0);
  host.exit(0, vmx::kCpuid, 1500);
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kAgrees);
  EXPECT_EQ(row_of(check, vmx::kCpuid).leaf, kWrap + 500);
}

}  // namespace
}  // namespace exitledger
