// SPDX-License-Identifier: MIT
// Events that one book lost or made up, and losses that are known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "crosscheck/crosscheck.h"
#include "crosscheck/simulated_host.h"

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every way in which one event can spoil a book between two exact sweeps.
struct FaultCase {
  const char* name;
  std::function<void(SimulatedHost&)> fault;
  Reason reason;
  std::int64_t residual;
  std::int64_t residual_of_all;
};

class OneFault : public testing::TestWithParam<FaultCase> {};

TEST_P(OneFault, DisagreesForGoodAndNamesTheReason) {
  for (const bool at_load : {true, false}) {
    SimulatedHost host = two_cpus();
    CrossCheck check(Vendor::kVmx, at_load ? host.bases() : std::vector<Base>{});
    host.exit(0, vmx::kHlt, 50);
    check.accept(host.sweep(), 0);
    GetParam().fault(host);
    check.accept(host.sweep(), 0);
    EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
    const ReasonVerdict row = row_of(check, GetParam().reason);
    EXPECT_EQ(row.verdict, Verdict::kDisagrees);
    EXPECT_EQ(row.residual, GetParam().residual);
    EXPECT_EQ(row_of(check, kReasonAll).residual, GetParam().residual_of_all);
    EXPECT_THAT(check.why(), HasSubstr(reason_label(Vendor::kVmx, GetParam().reason)));
    EXPECT_THAT(check.why(), HasSubstr("since reading 2"));

    check.accept(host.sweep(), 0);
    EXPECT_EQ(check.verdict(), Verdict::kDisagrees) << "a disagreement is not forgotten";
    EXPECT_THAT(check.why(), HasSubstr("since reading 2")) << "nor is when it began";
  }
}

INSTANTIATE_TEST_SUITE_P(
    CrossCheck, OneFault,
    testing::Values(FaultCase{"LostByProbe", [](auto& h) { h.in_leaf(1, vmx::kCpuid); }, vmx::kCpuid, 1, 1},
                    FaultCase{"LostByLeaf", [](auto& h) { h.in_ebpf(1, vmx::kCpuid); }, vmx::kCpuid, -1, -1},
                    FaultCase{"CountedTwiceByLeaf",
                              [](auto& h) {
                                h.exit(0, vmx::kCrAccess);
                                h.in_leaf(0, vmx::kCrAccess);
                              },
                              vmx::kCrAccess, 1, 1},
                    FaultCase{"OtherReason",
                              [](auto& h) {
                                h.in_leaf(0, vmx::kCpuid);
                                h.in_ebpf(0, vmx::kCrAccess);
                              },
                              vmx::kCrAccess, -1, 0},
                    FaultCase{"OtherCpu",
                              [](auto& h) {
                                h.in_leaf(0, vmx::kCpuid);
                                h.in_ebpf(1, vmx::kCpuid);
                              },
                              vmx::kCpuid, 2, 2}),
    [](const auto& test) { return test.param.name; });

TEST(CrossCheck, ADisagreementLeavesOtherReasonsTheirVerdict) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(0, vmx::kHlt, 50);
  host.in_leaf(1, vmx::kCpuid);
  check.accept(host.sweep(), 0);
  EXPECT_EQ(row_of(check, vmx::kHlt).verdict, Verdict::kAgrees);
  EXPECT_THAT(check.why(), Not(HasSubstr("HLT")));
  EXPECT_THAT(check.why(), HasSubstr("the leaf has 1 exit more than eBPF on CPU 1"));
}

TEST(CrossCheck, ADisagreementThatHealsIsStillOne) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.in_leaf(0, vmx::kCpuid);
  check.accept(host.sweep(), 0);
  host.in_ebpf(0, vmx::kCpuid);
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
  EXPECT_EQ(row_of(check, vmx::kCpuid).residual, 0) << "the newest round balances, and says so";
}

TEST(CrossCheck, ALossKeepsEveryReasonFromAgreeing) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(0, vmx::kCpuid);
  check.accept(host.sweep(), 1);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
  EXPECT_EQ(row_of(check, vmx::kCpuid).verdict, Verdict::kCannotTell);
  EXPECT_THAT(check.why(), HasSubstr("1 event was lost"));
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell) << "what was lost stays lost";
}

TEST(CrossCheck, ASurplusThatCanBeTheLossIsNoDisagreement) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.in_leaf(0, vmx::kCpuid, 5);
  check.accept(host.sweep(), 5);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
  EXPECT_EQ(row_of(check, vmx::kCpuid).residual, 5);
}

TEST(CrossCheck, ALossDoesNotHideADisagreement) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.in_leaf(0, vmx::kCpuid, 6);
  check.accept(host.sweep(), 5);
  EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
  EXPECT_THAT(check.why(), HasSubstr("besides, 5 events were lost"));
}

}  // namespace
}  // namespace exitledger
