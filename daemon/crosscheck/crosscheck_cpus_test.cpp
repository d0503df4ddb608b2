// SPDX-License-Identifier: MIT
// CPUs that come and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crosscheck/crosscheck.h"
#include "crosscheck/simulated_host.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

TEST(CrossCheck, ACpuThatIsNotReadLeavesItsPartOpenUntilItIsBack) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(1, vmx::kCpuid, 5);
  check.accept(host.sweep(), 0);
  ASSERT_EQ(check.verdict(), Verdict::kAgrees);

  host.exit(0, vmx::kCpuid, 2);
  Reading half = host.sweep();
  half.cpus.pop_back();
  std::erase_if(half.rounds, [](const Round& round) { return round.cpu == 1; });
  check.accept(half, 0);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
  EXPECT_THAT(check.why(), HasSubstr("CPU 1 was not read"));
  EXPECT_EQ(row_of(check, vmx::kCpuid).ebpf, 7u);

  host.exit(1, vmx::kCpuid);
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kAgrees) << "K covers the gap: " << check.why();
  EXPECT_EQ(row_of(check, vmx::kCpuid).ebpf, 8u);
}

TEST(CrossCheck, AnExitLostWhileACpuWasNotReadIsSeenWhenItIsBack) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  check.accept(host.sweep(), 0);
  Reading half = host.sweep();
  std::erase_if(half.rounds, [](const Round& round) { return round.cpu == 1; });
  host.in_ebpf(1, vmx::kCpuid);
  check.accept(half, 0);
  EXPECT_THAT(check.why(), HasSubstr("CPU 1 gave no answer")) << "listed as swept, and silent";
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
}

TEST(CrossCheck, AMissingReasonLeavesThatReasonOpen) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(0, vmx::kHlt);
  check.accept(host.sweep(), 0);
  Reading reading = host.sweep();
  std::erase_if(reading.rounds, [](const Round& round) { return round.reason == vmx::kHlt; });
  check.accept(reading, 0);
  EXPECT_EQ(row_of(check, vmx::kHlt).verdict, Verdict::kCannotTell);
  EXPECT_EQ(row_of(check, kReasonAll).verdict, Verdict::kAgrees);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
}

TEST(CrossCheck, ALateCpuIsProvenWithABaseAndNeverWithoutOne) {
  for (const bool at_load : {true, false}) {
    SimulatedHost host = two_cpus();
    CrossCheck check(Vendor::kVmx, at_load ? host.bases() : std::vector<Base>{});
    Reading half = host.sweep();
    half.cpus.pop_back();
    std::erase_if(half.rounds, [](const Round& round) { return round.cpu == 1; });
    check.accept(half, 0);
    host.exit(1, vmx::kCpuid, 3);
    check.accept(host.sweep(), 0);
    check.accept(host.sweep(), 0);
    EXPECT_EQ(check.verdict(), at_load ? Verdict::kAgrees : Verdict::kCannotTell) << check.why();
    EXPECT_EQ(row_of(check, vmx::kCpuid).ebpf, at_load ? 3u : 0u);
    EXPECT_THAT(check.why(), HasSubstr(at_load ? "" : "CPU 1 was first read after the session began"));
  }
}

TEST(CrossCheck, ACpuWithoutBaseInASessionWithBasesIsLateAtOnce) {
  SimulatedHost host = two_cpus();
  std::vector<Base> bases = host.bases();
  std::erase_if(bases, [](const Base& base) { return base.cpu == 1; });
  CrossCheck check(Vendor::kVmx, bases);
  host.exit(1, vmx::kCpuid);
  check.accept(host.sweep(), 0);
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
}

}  // namespace
}  // namespace exitledger
