// SPDX-License-Identifier: MIT
#include "crosscheck/third_witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// vCPUs at rest, whose every exit is in every book: 100 of one that lives, 40 of one that died, 3 and 2 of them
/// hypercalls.
StatsEvidence at_rest() {
  StatsEvidence evidence;
  evidence.passes = 0;
  for (StatSums* sums : {&evidence.before, &evidence.after}) {
    sums->known.fill(true);
    sums->living_vcpus = sums->dead_vcpus = 1;
    sums->living[EL_STAT_EXITS] = {100, 100, 100};
    sums->dead[EL_STAT_EXITS] = {40, 40, 40};
    sums->living[EL_STAT_HYPERCALLS] = {3, 3, 3};
    sums->dead[EL_STAT_HYPERCALLS] = {2, 2, 2};
  }
  for (Hypercalls* calls : {&evidence.hypercalls_before, &evidence.hypercalls_after}) calls->nr[5] = 5;
  evidence.hypercall_exits_before = evidence.hypercall_exits_after = 5;
  return evidence;
}

StatVerdict row(const StatsEvidence& evidence, el_stat stat) { return judge_third_witness(evidence).stats.at(stat); }
StatVerdict exits(const StatsEvidence& evidence) { return row(evidence, EL_STAT_EXITS); }

void living_exits(StatsEvidence& evidence, StatSum sum) {
  evidence.before.living[EL_STAT_EXITS] = evidence.after.living[EL_STAT_EXITS] = sum;
}

TEST(ThirdWitness, EqualCountsAgree) {
  const ThirdWitness third = judge_third_witness(at_rest());
  EXPECT_EQ(third.verdict(), Verdict::kAgrees);
  EXPECT_THAT(third.why(), IsEmpty());
  ASSERT_EQ(third.stats.size(), std::size_t{EL_STAT_JUDGED});
  EXPECT_EQ(third.stats[EL_STAT_EXITS].statistic, 140U);
  EXPECT_EQ(third.stats[EL_STAT_EXITS].counted, 140U);
  EXPECT_EQ(third.stats[EL_STAT_EXITS].residual, 0);
  EXPECT_EQ(third.hypercalls.exits, 5U);
}

TEST(ThirdWitness, OneExitPerLivingVcpuMayBeOnItsWay) {
  StatsEvidence evidence = at_rest();
  living_exits(evidence, {99, 100, 100});
  EXPECT_EQ(exits(evidence).verdict, Verdict::kWithinBracket);
  EXPECT_EQ(exits(evidence).residual, 1);
  living_exits(evidence, {98, 100, 100});
  EXPECT_EQ(exits(evidence).verdict, Verdict::kDisagrees);
  evidence.after.living_vcpus = 2;
  EXPECT_EQ(exits(evidence).verdict, Verdict::kWithinBracket);
}

TEST(ThirdWitness, ExitsWhileKvmsIsReadAreNoContradiction) {
  StatsEvidence evidence = at_rest();
  living_exits(evidence, {150, 100, 200});
  EXPECT_EQ(exits(evidence).verdict, Verdict::kWithinBracket);
}

TEST(ThirdWitness, KvmNeverCountsMoreThanTheBooks) {
  StatsEvidence evidence = at_rest();
  living_exits(evidence, {101, 100, 100});
  EXPECT_EQ(exits(evidence).verdict, Verdict::kDisagrees);
  EXPECT_THAT(exits(evidence).why, HasSubstr("KVM counts 1 more"));
}

TEST(ThirdWitness, ADeadVcpuIsOnNoWay) {
  StatsEvidence evidence = at_rest();
  evidence.after.dead[EL_STAT_IO_EXITS] = {6, 7, 7};
  EXPECT_EQ(row(evidence, EL_STAT_IO_EXITS).verdict, Verdict::kDisagrees);
  EXPECT_EQ(judge_third_witness(evidence).verdict(), Verdict::kDisagrees);
  EXPECT_THAT(judge_third_witness(evidence).why(), HasSubstr("io_exits: of dead vCPUs KVM counts 6"));
}

TEST(ThirdWitness, PassesOfTheEmulatorAreATermOfExits) {
  StatsEvidence evidence = at_rest();
  living_exits(evidence, {130, 100, 100});
  evidence.passes = 30;
  EXPECT_EQ(exits(evidence).verdict, Verdict::kAgrees);
  EXPECT_EQ(exits(evidence).passes, 30U);
  evidence.passes = 29;
  EXPECT_EQ(exits(evidence).verdict, Verdict::kDisagrees);
  evidence.passes.reset();
  EXPECT_EQ(exits(evidence).verdict, Verdict::kCannotTell) << "without a leaf nobody knows the passes";
}

TEST(ThirdWitness, PassesBetweenTheLooksAreNoContradiction) {
  StatsEvidence evidence = at_rest();
  evidence.passes = 30;
  evidence.before.living[EL_STAT_EXITS].statistic = 110;
  evidence.after.living[EL_STAT_EXITS].statistic = 150;
  EXPECT_EQ(exits(evidence).verdict, Verdict::kWithinBracket);
}

TEST(ThirdWitness, PassesThatNobodyCanPlaceCannotBeTold) {
  StatsEvidence evidence = at_rest();
  evidence.passes = 10;  // of a vCPU that had no exit yet
  EXPECT_EQ(exits(evidence).verdict, Verdict::kCannotTell);
  evidence.before.slotless = evidence.after.slotless = 10;  // it died so
  EXPECT_EQ(exits(evidence).verdict, Verdict::kAgrees);

  evidence = at_rest();
  evidence.passes = 10;
  evidence.passes_from_start = false;
  EXPECT_EQ(exits(evidence).verdict, Verdict::kCannotTell);
}

TEST(ThirdWitness, WhatHadNoSlotCannotBeTold) {
  StatsEvidence evidence = at_rest();
  evidence.all_in_slots = false;
  EXPECT_EQ(exits(evidence).verdict, Verdict::kAgrees) << "those that had one agree";
  evidence.before.slotless = evidence.after.slotless = 10;
  EXPECT_EQ(exits(evidence).verdict, Verdict::kCannotTell);
  evidence.all_in_slots = true;
  EXPECT_EQ(exits(evidence).verdict, Verdict::kDisagrees);
}

TEST(ThirdWitness, ExitsOfNestedGuestsHaveNoHandler) {
  StatsEvidence evidence = at_rest();
  evidence.hypercalls_after.reflected = 1;
  evidence.after.living[EL_STAT_IO_EXITS] = {5, 9, 9};
  EXPECT_EQ(row(evidence, EL_STAT_IO_EXITS).verdict, Verdict::kCannotTell);
  EXPECT_EQ(exits(evidence).verdict, Verdict::kAgrees);
}

TEST(ThirdWitness, AStatisticWithoutAPlaceHasNoRow) {
  StatsEvidence evidence = at_rest();
  evidence.after.known[EL_STAT_NMI_WINDOW_EXITS] = false;
  EXPECT_EQ(judge_third_witness(evidence).stats.size(), std::size_t{EL_STAT_JUDGED} - 1);
}

TEST(ThirdWitness, HypercallsBalance) {
  StatsEvidence evidence = at_rest();
  evidence.hypercall_exits_before = evidence.hypercall_exits_after = 12;
  for (Hypercalls* calls : {&evidence.hypercalls_before, &evidence.hypercalls_after}) {
    calls->hyperv = 1;
    calls->xen = 2;
    calls->reflected = 9;
    calls->reflected_hypercall = 4;
  }
  EXPECT_EQ(judge_third_witness(evidence).hypercalls.verdict, Verdict::kAgrees);
  EXPECT_EQ(judge_third_witness(evidence).hypercalls.residual, 0);
}

TEST(ThirdWitness, AHypercallTooFewOrTooManyIsFound) {
  StatsEvidence evidence = at_rest();
  evidence.hypercall_exits_before = evidence.hypercall_exits_after = 6;
  EXPECT_EQ(judge_third_witness(evidence).hypercalls.verdict, Verdict::kWithinBracket) << "one is on its way";
  evidence.hypercall_exits_before = evidence.hypercall_exits_after = 7;
  EXPECT_EQ(judge_third_witness(evidence).hypercalls.verdict, Verdict::kDisagrees);
  evidence.hypercalls_before.hyperv = evidence.hypercalls_after.hyperv = 1;
  evidence.hypercall_exits_before = evidence.hypercall_exits_after = 9;
  EXPECT_EQ(judge_third_witness(evidence).hypercalls.verdict, Verdict::kCannotTell) << "Hyper-V's #UD has no witness";
  evidence.hypercall_exits_before = evidence.hypercall_exits_after = 4;
  EXPECT_EQ(judge_third_witness(evidence).hypercalls.verdict, Verdict::kDisagrees);
}

TEST(ThirdWitness, AHypercallMayHaveBeenOnItsWayWhenTheProbeAttached) {
  StatsEvidence evidence = at_rest();
  evidence.began_at_load = false;
  evidence.hypercall_exits_before = evidence.hypercall_exits_after = 4;
  EXPECT_EQ(judge_third_witness(evidence).hypercalls.verdict, Verdict::kAgrees);
  evidence.hypercall_exits_before = evidence.hypercall_exits_after = 3;
  EXPECT_EQ(judge_third_witness(evidence).hypercalls.verdict, Verdict::kDisagrees);
}

}  // namespace
}  // namespace exitledger
