// SPDX-License-Identifier: MIT
#include "crosscheck/crosscheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "crosscheck/simulated_host.h"

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kWrap = std::uint64_t{1} << 32;

SimulatedHost two_cpus() { return {2, {vmx::kCpuid, vmx::kHlt, vmx::kCrAccess}}; }

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
  for (const Reason reason : {kReasonUnknown, kReasonBusLock, kReasonEnclave, kReasonFailedEntry}) {
    SimulatedHost host(1, {reason});
    CrossCheck check(Vendor::kVmx, host.bases());
    host.leaf(0, reason) = 1;
    check.accept(host.sweep(), 0);
    EXPECT_EQ(check.verdict(), Verdict::kDisagrees);
    EXPECT_THAT(check.why(), HasSubstr(reason_label(Vendor::kVmx, reason)));
  }
}

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

// --- what ends a session's provability -------------------------------------------------------------------------------

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

// --- CPUs that come and go -------------------------------------------------------------------------------------------

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

// --- rounds that are no points: B1 < B2, or CPUs inside the window ---------------------------------------------------

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

}  // namespace
}  // namespace exitledger
