// SPDX-License-Identifier: MIT
// What a reading proves, and what the rows say.
#include "crosscheck/crosscheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "crosscheck/simulated_host.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

TEST(CrossCheck, SaysNothingBeforeTheFirstReading) {
  const CrossCheck check(Vendor::kVmx, {});
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
  EXPECT_TRUE(check.reasons().empty());
  EXPECT_THAT(check.why(), HasSubstr("no reading yet"));
}

TEST(CrossCheck, WithBasesTheFirstReadingProves) {
  SimulatedHost host = two_cpus();
  host.in_ebpf(0, vmx::kCpuid, 400);  // of an earlier load of the module
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(0, vmx::kCpuid, 7);
  host.exit(1, vmx::kCpuid, 5);
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kAgrees) << check.why();
  EXPECT_EQ(check.why(), "");
  const ReasonVerdict row = row_of(check, vmx::kCpuid);
  EXPECT_EQ(row.ebpf, 12u);
  EXPECT_EQ(row.leaf, 12u);
  EXPECT_EQ(row.residual, 0);
  EXPECT_EQ(row.verdict, Verdict::kAgrees);
}

TEST(CrossCheck, WithBasesAnExitLostBeforeTheFirstReadingIsSeen) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(1, vmx::kCpuid, 5);
  host.in_leaf(1, vmx::kCpuid);
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
  EXPECT_EQ(row_of(check, vmx::kCpuid).residual, 1);
}

TEST(CrossCheck, WithoutBasesTheFirstReadingSetsTheZeroPointAndProvesNothing) {
  SimulatedHost host = two_cpus();
  host.in_leaf(0, vmx::kCpuid, 1000);  // before the probe attached
  host.exit(0, vmx::kCpuid, 3);
  CrossCheck check(Vendor::kVmx, {});
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kWithinBracket);
  EXPECT_THAT(check.why(), HasSubstr("the first reading sets"));

  host.exit(0, vmx::kCpuid, 11);
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kAgrees) << check.why();
  EXPECT_EQ(row_of(check, vmx::kCpuid).ebpf, 11u);
  EXPECT_EQ(row_of(check, vmx::kCpuid).leaf, 11u);
}

TEST(CrossCheck, RowsAreReasonsCountedSinceTheStartAscendingAndAllLast) {
  SimulatedHost host = two_cpus();
  host.exit(0, vmx::kHlt, 9);
  CrossCheck check(Vendor::kVmx, {});
  check.accept(host.sweep(), 0);
  host.exit(1, vmx::kCrAccess);
  host.exit(0, vmx::kCpuid);
  check.accept(host.sweep(), 0);
  std::vector<Reason> reasons;
  for (const ReasonVerdict& row : check.reasons()) reasons.push_back(row.reason);
  EXPECT_EQ(reasons, (std::vector<Reason>{vmx::kCpuid, vmx::kCrAccess, kReasonAll}));
}

TEST(CrossCheck, SvmCodesAbovePseudoReasonsStillComeBeforeAll) {
  SimulatedHost host(1, {0x72, 0xFFFF});
  CrossCheck check(Vendor::kSvm, host.bases());
  host.exit(0, 0xFFFF);
  host.exit(0, 0x72);
  Reading reading = host.sweep();
  reading.vendor = Vendor::kSvm;
  check.accept(reading, 0);
  ASSERT_EQ(check.reasons().size(), 3u);
  EXPECT_EQ(check.reasons().back().reason, kReasonAll);
  EXPECT_EQ(check.reasons()[1].reason, 0xFFFF);
}

TEST(CrossCheck, OwnExitsAreInBothBooksAndShownApart) {
  for (const bool at_load : {true, false}) {
    SimulatedHost host = two_cpus();
    if (!at_load) host.own_exit(0, vmx::kCpuid, 100);
    CrossCheck check(Vendor::kVmx, at_load ? host.bases() : std::vector<Base>{});
    check.accept(host.sweep(), 0);
    host.own_exit(0, vmx::kCpuid, 3);
    host.exit(0, vmx::kCpuid, 4);
    check.accept(host.sweep(), 0);
    EXPECT_EQ(row_of(check, vmx::kCpuid).own, 3u);
    EXPECT_EQ(row_of(check, vmx::kCpuid).leaf, 7u);
    EXPECT_EQ(check.verdict(), Verdict::kAgrees);
  }
}

TEST(CrossCheck, MoreOwnExitsThanTheBooksHoldCannotBeTrue) {
  SimulatedHost host = two_cpus();
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(0, vmx::kCpuid, 3);
  Reading reading = host.sweep();
  reading.rounds.front().own = 4;
  check.accept(reading, 0);
  EXPECT_EQ(check.verdict(), Verdict::kCannotTell);
  EXPECT_THAT(check.why(), HasSubstr("CPUID: the reader claims more exits"));
}

TEST(CrossCheck, PassesThatAreNoExitsAreNeverJudged) {
  SimulatedHost host(1, {vmx::kCpuid, kReasonEmulation, kReasonVmFail});
  CrossCheck check(Vendor::kVmx, host.bases());
  host.exit(0, vmx::kCpuid);
  host.leaf(0, kReasonEmulation) = 77;
  host.leaf(0, kReasonVmFail) = 1;
  check.accept(host.sweep(), 0);
  EXPECT_EQ(check.verdict(), Verdict::kAgrees) << check.why();
  EXPECT_EQ(check.reasons().size(), 2u);
}

TEST(CrossCheck, FlagsAndUnknownReasonsAreJudgedLikeAnyOther) {
  for (const Reason reason :
       {kReasonUnknown, kReasonBusLock, kReasonEnclave, kReasonFailedEntry, kReasonNested, kReasonInjected}) {
    SimulatedHost host(1, {reason});
    CrossCheck check(Vendor::kVmx, host.bases());
    host.leaf(0, reason) = 1;
    check.accept(host.sweep(), 0);
    EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
    EXPECT_THAT(check.why(), HasSubstr(reason_label(Vendor::kVmx, reason)));
  }
}

TEST(CrossCheck, RowsAreTheRoundsLessTheStart) {
  SimulatedHost host = two_cpus();
  host.in_leaf(1, vmx::kCpuid, 30);
  host.own_exit(0, vmx::kCpuid, 2);
  CrossCheck check(Vendor::kVmx, {});
  check.accept(host.sweep(), 0);
  host.own_exit(0, vmx::kCpuid, 5);
  host.exit(1, vmx::kCpuid, 6);
  check.accept(host.sweep(), 0);
  BookSums sum;
  for (const Round& round : check.raw()) {
    if (round.reason == vmx::kCpuid) sum = {sum.ebpf + round.ebpf_before, sum.leaf + round.leaf, sum.own + round.own};
  }
  for (const Round& round : check.start()) {
    if (round.reason == vmx::kCpuid) sum = {sum.ebpf - round.ebpf_before, sum.leaf - round.leaf, sum.own - round.own};
  }
  const ReasonVerdict row = row_of(check, vmx::kCpuid);
  EXPECT_EQ(sum.ebpf, row.ebpf);
  EXPECT_EQ(sum.leaf, row.leaf);
  EXPECT_EQ(sum.own, row.own);
  EXPECT_EQ(row.leaf, 11u);
}

TEST(CrossCheck, AResidualThatNoHostReachesDoesNotOverflow) {
  CrossCheck check(Vendor::kVmx, {{0, vmx::kIo, 0}, {1, vmx::kIo, 0}});
  Reading reading;
  reading.vendor = Vendor::kVmx;
  reading.cpus = {0, 1};
  for (const std::uint32_t cpu : reading.cpus)
    reading.rounds.push_back({.cpu = cpu, .reason = vmx::kIo, .leaf = std::uint64_t{1} << 63});
  check.accept(reading, 0);
  EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
  ASSERT_EQ(check.reasons().size(), 1U);
  EXPECT_EQ(check.reasons()[0].residual, -std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace exitledger
