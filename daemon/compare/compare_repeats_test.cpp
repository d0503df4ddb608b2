// SPDX-License-Identifier: MIT
// Comparisons of modes of an experiment, and of what a session has besides its counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "compare/compare.h"
#include "compare/comparison_for_tests.h"
#include "compare/experiment_for_tests.h"

namespace exitledger {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(CompareRepeats, MedianRangeAndIntervalOfSixRuns) {
  const Comparison comparison = compared(experiment_of("boot", 6));
  const ComparedReason cr = row_of(comparison, vmx::kCrAccess);
  EXPECT_EQ(cr.a.books.ebpf, 14U) << "of 11 to 16: 13.5, a half rounded up";
  EXPECT_EQ(cr.a.books.leaf, 14U);
  EXPECT_EQ(cr.b.books.ebpf, 18'035U);
  EXPECT_EQ(cr.difference, 18'021);
  EXPECT_EQ(cr.b.spread.n, 6U);
  EXPECT_EQ(cr.b.spread.min, 18'010U);
  EXPECT_EQ(cr.b.spread.max, 18'060U);
  ASSERT_TRUE(cr.b.spread.interval);
  EXPECT_EQ(cr.b.spread.interval->low, 18'010U);
  EXPECT_EQ(cr.b.spread.interval->high, 18'060U);
  EXPECT_DOUBLE_EQ(cr.b.spread.interval->coverage, 0.96875);
  EXPECT_TRUE(cr.proven);
  EXPECT_EQ(cr.ranges_overlap(), false);
  EXPECT_EQ(row_of(comparison, vmx::kExternalInterrupt).ranges_overlap(), true);
  EXPECT_THAT(comparison.objections, IsEmpty());
  EXPECT_THAT(comparison.notes, IsEmpty());
}

TEST(CompareRepeats, NoIntervalOfFive) {
  const Comparison comparison = compared(experiment_of("boot", 5));
  EXPECT_FALSE(row_of(comparison, vmx::kCrAccess).a.spread.interval);
  EXPECT_THAT(to_text(comparison), HasSubstr("none below 6 runs"));
  EXPECT_TRUE(to_json(comparison)["reasons"][0]["a"]["interval"].is_null());
}

TEST(CompareRepeats, ARunWithoutTheReasonCountsAsZero) {
  std::vector<Session> sessions = experiment_of("boot", 3);
  sessions[0] = run_of("boot", Paging::kEpt, 1, {{1, 7'001}, {10, 1'735, 80}, {28, 11}});
  const ComparedReason row = row_of(compared(sessions), vmx::kEptViolation);
  EXPECT_EQ(row.a.spread.min, 0U);
  EXPECT_EQ(row.a.books.ebpf, 592U);
  EXPECT_TRUE(row.proven);
}

TEST(CompareRepeats, AReasonWhoseMedianIsZeroKeepsItsRow) {
  std::vector<Session> sessions = experiment_of("boot", 3);
  sessions[0] = run_of("boot", Paging::kEpt, 1, {{1, 7'001}, {10, 1'735, 80}, {28, 11}, {30, 5}});
  const ComparedReason row = row_of(compared(sessions), vmx::kIo);
  EXPECT_EQ(row.a.books.ebpf, 0U);
  EXPECT_EQ(row.a.spread.max, 5U);
  EXPECT_FALSE(row.ratio);
}

TEST(CompareRepeats, TheTotalIsThatOfTheRunsTotals) {
  const Comparison comparison = compared(experiment_of("boot", 3));
  EXPECT_EQ(comparison.total.a.spread.min, 7'001U + 1'655 + 11 + 592);
  EXPECT_EQ(comparison.total.a.spread.max, 7'003U + 1'655 + 13 + 592);
  EXPECT_EQ(comparison.a.runs[1].exits, 7'002U + 1'655 + 12 + 592);
  EXPECT_TRUE(comparison.total.proven);
  EXPECT_EQ(comparison.total.a.books.leaf, comparison.total.a.books.ebpf);
}

TEST(CompareRepeats, OneRunWithoutLeafLeavesNone) {
  std::vector<Session> sessions = experiment_of("boot", 3);
  sessions[2].reasons.clear();
  sessions[2].verdict = Verdict::kCannotTell;
  const Comparison comparison = compared(sessions);
  EXPECT_FALSE(row_of(comparison, vmx::kCrAccess).a.books.leaf);
  EXPECT_TRUE(row_of(comparison, vmx::kCrAccess).b.books.leaf);
  EXPECT_FALSE(row_of(comparison, vmx::kCrAccess).proven);
  EXPECT_THAT(comparison.objections, Contains("the verdict on run 2 of A (session 103) is \"cannot tell\""));
}

TEST(CompareRepeats, ARunThatDisagreesOrBreaksALawIsNamed) {
  std::vector<Session> sessions = experiment_of("boot", 6);
  sessions[3].laws_broken = {{"no-ept-violation-under-shadow", 48, 9}};
  sessions[5].verdict = Verdict::kDisagrees;
  sessions[5].why = "CPUID";
  sessions[5].laws_broken = {{"no-ept-violation-under-shadow", 48, 2}};
  const Comparison comparison = compared(sessions);
  EXPECT_THAT(comparison.objections,
              Contains(HasSubstr("run 2 of B (session 104) breaks the law no-ept-violation-under-shadow: 9 exits")));
  EXPECT_THAT(comparison.objections, Contains("the verdict on run 3 of B (session 106) is \"disagrees\": CPUID"));
  EXPECT_EQ(comparison.b.verdict, Verdict::kDisagrees);
  EXPECT_EQ(comparison.b.why, "CPUID");
  ASSERT_EQ(comparison.b.laws_broken.size(), 1U);
  EXPECT_EQ(comparison.b.laws_broken[0].count, 11U);
}

TEST(CompareRepeats, LeftOutRunsAreSaidBeforeAnyNumberAndAreInNoFigure) {
  std::vector<Session> sessions = experiment_of("boot", 6);
  sessions[11] = run_of("boot", Paging::kShadow, 6, {{0, 4'000'000}});
  sessions[11].run->status = 137;
  const Comparison comparison = compared(sessions);
  EXPECT_EQ(row_of(comparison, vmx::kException).b.spread.n, 5U);
  EXPECT_EQ(row_of(comparison, vmx::kException).b.spread.max, 23'005U);
  EXPECT_THAT(comparison.notes, ElementsAre("left out of B: run 6 (session 112), its command ended with status 137"));
  const std::string text = to_text(comparison);
  EXPECT_LT(text.find("left out of B"), text.find("Exits net"));
  EXPECT_THAT(text, HasSubstr("5, 1 left out"));
  EXPECT_EQ(to_json(comparison)["b"]["left_out"][0]["id"], "112");
}

TEST(CompareRepeats, ABrokenSessionByItselfIsAnObjection) {
  Session b = shadow_session();
  b.interrupted = true;
  EXPECT_THAT(compare(ept_session(), b).objections,
              ElementsAre("B is no whole run: its daemon was gone before it ended"));
  b = shadow_session();
  b.run = {"false", "", "", 0, 1};
  EXPECT_THAT(compare(ept_session(), b).objections, ElementsAre("B is no whole run: its command ended with status 1"));
}

TEST(CompareRepeats, RunsOfSeveralKindsAreNoSide) {
  std::vector<Session> sessions = experiment_of("boot", 2);
  sessions[2] = run_of("boot", Paging::kShadow, 2);
  sessions[2].run->mode = "ept";
  const Comparison comparison = compared(sessions);
  EXPECT_THAT(comparison.objections, Contains("the runs of A are not of one paging mode: ept, shadow"));
  EXPECT_THAT(comparison.objections, Contains("run 2 of A (session 104) was asked for as ept and ran under shadow"));

  sessions = experiment_of("boot", 2);
  sessions[3].vendor = Vendor::kSvm;
  EXPECT_THAT(compared(sessions).objections, Contains(HasSubstr("vendors differ")));
  EXPECT_THAT(compared(sessions).reasons, IsEmpty());
}

TEST(CompareRepeats, WhatDiffersWithinASideIsNoted) {
  std::vector<Session> sessions = experiment_of("boot", 2);
  sessions[0].kernel = "6.12.0";
  sessions[3].cpu = "Xeon";
  sessions[3].parameters["kvm_intel.vpid"] = "N";
  sessions[3].run->command = "boot-guest";
  EXPECT_THAT(
      compared(sessions).notes,
      ElementsAre("other kernels: A 6.12.0 and 6.1.0-test, B 6.1.0-test", "other CPUs: A unknown, B unknown and Xeon",
                  "other commands: A boot-guest --forks 50, B boot-guest --forks 50 and boot-guest",
                  "kvm_intel.vpid was Y when A began, Y and N when B began"));
}

TEST(CompareRepeats, ASessionOnBothSidesIsNoted) {
  EXPECT_THAT(compare(ept_session(), ept_session()).notes, ElementsAre("session 1 is on both sides"));
}

TEST(CompareRepeats, KvmsOwnStatisticsThatContradictAreAnObjection) {
  Session b = shadow_session();
  b.third.emplace();
  b.third->stats.push_back({"exits", 5, 4, 0, -1, Verdict::kDisagrees, "1 exit too few"});
  EXPECT_THAT(compare(ept_session(), b).objections,
              ElementsAre(HasSubstr("KVM's own statistics contradict the books of B")));
}

TEST(CompareRepeats, SharesAreOfWhatGrewAndOfWhatShrank) {
  const Comparison comparison = compare(ept_session(), shadow_session());
  double grew = 0, shrank = 0;
  for (const ComparedReason& row : comparison.reasons) (row.difference > 0 ? grew : shrank) += row.share;
  EXPECT_NEAR(grew, 1, 1e-12);
  EXPECT_NEAR(shrank, 1, 1e-12);
  EXPECT_NEAR(row_of(comparison, vmx::kEptViolation).share, 592.0 / (592 + 5 + 22), 1e-12);
  EXPECT_EQ(row_of(comparison, vmx::kMsrRead).share, 0);
}

// --- words ---------------------------------------------------------------------------------------------------------

TEST(CompareRepeats, WordsNameTheMethodAndWhatIsChance) {
  const Comparison comparison = compared(experiment_of("boot", 6));
  const std::string text = to_text(comparison);
  EXPECT_THAT(text, HasSubstr("95 % confidence interval of the median by order statistics"));
  EXPECT_THAT(text, HasSubstr("runs 1 and 6 of 6 in order of size, coverage 96.9 %"));
  EXPECT_THAT(text, HasSubstr("~"));
  const std::string words = paragraph(comparison);
  EXPECT_THAT(words, HasSubstr("Under EPT (A, median of 6 runs) there were"));
  EXPECT_THAT(words, HasSubstr("Of EXTERNAL_INTERRUPT the runs of A and of B overlap: that difference may be chance."));
  EXPECT_THAT(words, HasSubstr("Both books of every run agree"));
  EXPECT_THAT(words, Not(HasSubstr("both sessions")));
}

TEST(CompareRepeats, EqualToTheLastExitMeansInEveryRun) {
  std::vector<Session> sessions;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    sessions.push_back(run_of("boot", Paging::kEpt, i, {{10, 100 + i}, {31, 69}, {28, 5}}));
    sessions.push_back(run_of("boot", Paging::kShadow, i, {{10, 104 - i}, {31, 69}, {28, 9}}));
  }
  EXPECT_THAT(paragraph(compared(sessions)), HasSubstr("Equal to the last exit: MSR_READ."))
      << "CPUID has equal medians, and that is all";
}

}  // namespace
}  // namespace exitledger
