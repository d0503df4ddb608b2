// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/running_for_tests.h"

namespace exitledger {
namespace {

TEST(RunningSession, CountsFromTheBoundaryNotFromWhenItWasNoticed) {
  const RunningSession session{start_of(boundary_of(100), 130)};
  EXPECT_EQ(session.session().ebpf.all(), 30U);
  EXPECT_TRUE(session.session().began_at_load);
}

TEST(RunningSession, WithoutABoundaryCountsFromTheAttach) {
  const RunningSession session{start_of(std::nullopt, 130)};
  EXPECT_EQ(session.session().ebpf.all(), 0U);
  EXPECT_FALSE(session.session().began_at_load);
}

TEST(RunningSession, ProvesWithTheFirstReadingWhenItsStartWasSeen) {
  RunningSession session{start_of(boundary_of(100), 100)};
  EXPECT_EQ(accept(session, reading_of(150, 50), sample_of(150)), Verdict::kAgrees);
  EXPECT_NE(session.session().last_exact_unix_ns, 0);
  EXPECT_EQ(session.session().epoch, 7U);
}

TEST(RunningSession, SeesAnExitThatTheLeafLostBeforeTheFirstReading) {
  RunningSession session{start_of(boundary_of(100), 100)};
  EXPECT_EQ(accept(session, reading_of(150, 49), sample_of(150)), Verdict::kDisagrees);
  EXPECT_EQ(session.session().last_exact_unix_ns, 0);
}

Calibration calibration_that(Verdict verdict) {
  Calibration calibration;
  calibration.verdict = verdict;
  if (verdict != Verdict::kAgrees) calibration.why = "hlt: HLT: 211 expected, eBPF 210, leaf 211";
  return calibration;
}

TEST(RunningSession, ACalibrationThatFailedLeavesNoCountToTrust) {
  RunningSession session{start_of(boundary_of(100), 100)};
  session.calibrated(calibration_that(Verdict::kDisagrees));
  EXPECT_EQ(accept(session, reading_of(150, 50), sample_of(150)), Verdict::kCannotTell);
  EXPECT_THAT(session.session().why, testing::HasSubstr("calibration failed: hlt"));
  // A later one that agrees does not mend what was counted before.
  session.calibrated(calibration_that(Verdict::kAgrees));
  EXPECT_EQ(session.session().verdict, Verdict::kCannotTell);
}

TEST(RunningSession, OneThatAgreesOrCouldNotBeMadeLeavesTheVerdictToTheBooks) {
  RunningSession agreed{start_of(boundary_of(100), 100)};
  agreed.calibrated(calibration_that(Verdict::kAgrees));
  EXPECT_EQ(accept(agreed, reading_of(150, 50), sample_of(150)), Verdict::kAgrees);
  RunningSession none{start_of(boundary_of(100), 100)};
  none.not_calibrated("open /dev/kvm: Permission denied");
  EXPECT_EQ(accept(none, reading_of(150, 50), sample_of(150)), Verdict::kAgrees);
  EXPECT_EQ(none.session().calibration->verdict, Verdict::kCannotTell);
}

TEST(RunningSession, NeedsTwoReadingsWhenItsStartWasNotSeen) {
  RunningSession session{start_of(std::nullopt, 100)};
  EXPECT_NE(accept(session, reading_of(100, 5), sample_of(100)), Verdict::kAgrees);
  EXPECT_EQ(accept(session, reading_of(120, 25), sample_of(120)), Verdict::kAgrees);
}

TEST(RunningSession, ALossAfterTheLastReadingTakesTheVerdictBack) {
  RunningSession session{start_of(boundary_of(0), 0)};
  EXPECT_EQ(accept(session, reading_of(50, 50), sample_of(50)), Verdict::kAgrees);
  session.update(sample_of(60, 1));
  EXPECT_EQ(session.session().verdict, Verdict::kCannotTell);
  EXPECT_EQ(session.session().losses.total(), 1U);
}

TEST(RunningSession, LossesBeforeItsStartAreNotItsOwn) {
  auto start = start_of(boundary_of(0), 0);
  start.losses_before = sample_of(0, 3).losses;
  start.now = sample_of(0, 3);
  RunningSession session{std::move(start)};
  EXPECT_EQ(accept(session, reading_of(50, 50), sample_of(50, 3)), Verdict::kAgrees);
  EXPECT_EQ(session.session().losses.total(), 0U);
}

TEST(RunningSession, LossesBetweenTheLoadAndItsNoticeAreItsOwn) {
  auto start = start_of(boundary_of(0), 0);
  start.now = sample_of(10, 2);
  const RunningSession session{std::move(start)};
  EXPECT_EQ(session.session().losses.total(), 2U);
}

TEST(RunningSession, CannotTellWhatWasCountedWithAnUnprovenLayout) {
  auto start = start_of(boundary_of(0), 0);
  start.unproven = "the layout changed";
  RunningSession session{std::move(start)};
  EXPECT_EQ(accept(session, reading_of(50, 50), sample_of(50)), Verdict::kCannotTell);
  EXPECT_EQ(session.session().why, "the layout changed");
  for (const ReasonVerdict& row : session.session().reasons) EXPECT_EQ(row.verdict, Verdict::kCannotTell);
}

TEST(RunningSession, AnUnprovenLayoutAccusesNobody) {
  auto start = start_of(boundary_of(0), 0);
  start.unproven = "the exit reason's place is not known";
  RunningSession session{std::move(start)};
  EXPECT_EQ(accept(session, reading_of(0, 50), sample_of(0)), Verdict::kCannotTell);
  for (const ReasonVerdict& row : session.session().reasons) EXPECT_EQ(row.verdict, Verdict::kCannotTell);
}

TEST(RunningSession, ASurplusOfTheLeafUpToTheLossesIsNoDisagreement) {
  RunningSession session{start_of(boundary_of(0), 0)};
  EXPECT_EQ(accept(session, reading_of(50, 52), sample_of(50, 2)), Verdict::kCannotTell);
  RunningSession more{start_of(boundary_of(0), 0)};
  EXPECT_EQ(accept(more, reading_of(50, 53), sample_of(50, 2)), Verdict::kDisagrees);
  RunningSession fewer{start_of(boundary_of(0), 0)};
  EXPECT_EQ(accept(fewer, reading_of(50, 49), sample_of(50, 2)), Verdict::kDisagrees);
}

TEST(RunningSession, ALeafThatCannotBeReadAnyMoreTakesTheVerdictBack) {
  RunningSession session{start_of(boundary_of(0), 0)};
  EXPECT_EQ(accept(session, reading_of(50, 50), sample_of(50)), Verdict::kAgrees);
  session.leaf_is(LeafState::kRefused, "exit_leaf is off");
  EXPECT_EQ(session.session().verdict, Verdict::kCannotTell);
  EXPECT_EQ(session.session().why, "leaf refused: exit_leaf is off");
  for (const ReasonVerdict& row : session.session().reasons) EXPECT_EQ(row.verdict, Verdict::kCannotTell);
  EXPECT_EQ(accept(session, reading_of(60, 60), sample_of(60)), Verdict::kAgrees) << "and back";
}

TEST(RunningSession, WhatTheLeafWasNotAskedForProvesNothing) {
  RunningSession session{start_of(boundary_of(0), 0)};
  ProbeSample before = sample_of(49);
  before.counts.at[vmx::kEptViolation] = 1;
  EXPECT_EQ(session.accept(reading_of(50, 50), {before.counts}, sample_of(50)), Verdict::kCannotTell);
  EXPECT_EQ(session.session().why, "CPU 0 counted EPT_VIOLATION, and the leaf was not asked for that there");
}

TEST(RunningSession, ACpuThatRanGuestsAndWasNotReadProvesNothing) {
  auto start = start_of(std::nullopt, 0);
  start.by_cpu = {Counts{}, sample_of(5).counts};
  RunningSession session{std::move(start)};
  const std::vector<Counts> still{sample_of(50).counts, sample_of(5).counts};
  static_cast<void>(session.accept(reading_of(50, 50), still, sample_of(55)));
  EXPECT_EQ(session.accept(reading_of(50, 50), still, sample_of(55)), Verdict::kAgrees);
  const std::vector<Counts> moved{sample_of(50).counts, sample_of(6).counts};
  EXPECT_EQ(session.accept(reading_of(50, 50), moved, sample_of(56)), Verdict::kCannotTell);
}

TEST(RunningSession, AnotherPagingModeInTheLeafThanInTheParameterProvesNothing) {
  RunningSession session{start_of(boundary_of(0), 0)};
  Reading reading = reading_of(50, 50);
  reading.paging = Paging::kShadow;
  EXPECT_EQ(accept(session, reading, sample_of(50)), Verdict::kCannotTell);
  EXPECT_EQ(session.session().why, "the leaf says shadow paging, the module's parameter ept");
}

TEST(RunningSession, OwnExitsThatWereNotToldApartProveNothing) {
  RunningSession session{start_of(boundary_of(0), 0)};
  session.own().lose();
  EXPECT_EQ(accept(session, reading_of(50, 50), sample_of(50)), Verdict::kCannotTell);
}

TEST(RunningSession, SaysWhyWithoutALeaf) {
  RunningSession session{start_of(boundary_of(0), 0)};
  session.leaf_is(LeafState::kAbsent, "not patched");
  EXPECT_EQ(session.session().verdict, Verdict::kCannotTell);
  EXPECT_EQ(session.session().why, "leaf absent: not patched");
}

TEST(RunningSession, MovesOnlyWhenExitsWentOnSinceTheReading) {
  RunningSession session{start_of(boundary_of(0), 0)};
  EXPECT_TRUE(session.moved_since_reading(sample_of(0)));  // never read: the first reading is due
  accept(session, reading_of(50, 50), sample_of(52));
  EXPECT_FALSE(session.moved_since_reading(sample_of(52)));
  EXPECT_TRUE(session.moved_since_reading(sample_of(53)));
}

TEST(RunningSession, EndsWithTheBookAsItWasAtTheNextLoad) {
  RunningSession session{start_of(boundary_of(100), 100)};
  const Session ended = session.finish(sample_of(175).counts, Counts{});
  EXPECT_EQ(ended.ebpf.all(), 75U);
  EXPECT_FALSE(ended.running());
}

// A reading whose books of time hold n intervals of 1000 ns, the leaf's longer by a gap, on a TSC of 1 GHz.
Reading timed_reading(std::uint64_t second, std::uint64_t intervals, std::int64_t gap_ns) {
  Reading reading = reading_of(150 + intervals, 50 + intervals);
  reading.time.clocks = {second * 1'000'000'000, second * 1'000'000'000, 1};
  reading.time.own_ns = 200'000;
  reading.time.own_intervals = 100;
  const auto cycles = intervals * static_cast<std::uint64_t>(1000 + gap_ns);
  reading.time.rounds = {{0, vmx::kCpuid, cycles, intervals * 1000, intervals}};
  return reading;
}

TEST(RunningSession, TimeHasAVerdictOfItsOwn) {
  for (const std::int64_t gap : {100, -100}) {
    RunningSession session{start_of(boundary_of(100), 100)};
    EXPECT_EQ(session.session().time.verdict, TimeVerdict::kCannotTell);
    accept(session, timed_reading(1, 0, gap), sample_of(150));
    EXPECT_EQ(accept(session, timed_reading(2, 500, gap), sample_of(650)), Verdict::kAgrees);
    EXPECT_EQ(session.session().verdict, Verdict::kAgrees);
    EXPECT_EQ(session.session().time.verdict, gap > 0 ? TimeVerdict::kWithinBound : TimeVerdict::kBeyondBound);
  }
}

TEST(RunningSession, ASurplusOfTimeIsNotToldWhereVcpusMayBeOlder) {
  for (const bool older : {false, true}) {
    RunningSession::Start start = start_of(std::nullopt, 100);
    start.older_vcpus = older;
    RunningSession session{std::move(start)};
    accept(session, timed_reading(1, 0, 0), sample_of(150));
    accept(session, timed_reading(2, 500, 1'000'000), sample_of(650));
    EXPECT_EQ(session.session().time.verdict, older ? TimeVerdict::kCannotTell : TimeVerdict::kBeyondBound);
  }
}

TEST(RunningSession, NoTimeIsToldOfCountsThatCannotBeTrusted) {
  RunningSession session{start_of(boundary_of(100), 100)};
  accept(session, timed_reading(1, 0, 100), sample_of(150));
  accept(session, timed_reading(2, 500, -100), sample_of(650));
  session.cannot_trust("another offset");
  EXPECT_EQ(session.session().time.verdict, TimeVerdict::kCannotTell);
  EXPECT_EQ(session.session().time.why, "another offset");
  EXPECT_EQ(session.session().time.reasons.at(0).verdict, TimeVerdict::kCannotTell);
}

TEST(RunningSession, OneReadingIsTheEndOfOneSessionAndTheZeroPointOfTheNext) {
  RunningSession first{start_of(boundary_of(100), 100)};
  first.calibrated(calibration_that(Verdict::kAgrees));
  const Reading cut = reading_of(150, 50);
  EXPECT_EQ(accept(first, cut, sample_of(150)), Verdict::kAgrees);
  RunningSession second{first.next("2", {sample_of(150).counts}, sample_of(150))};
  EXPECT_EQ(second.session().calibration->verdict, Verdict::kAgrees);
  EXPECT_NE(accept(second, cut, sample_of(150)), Verdict::kAgrees) << "its zero point alone proves nothing";
  EXPECT_EQ(accept(second, reading_of(180, 80), sample_of(180)), Verdict::kAgrees);
  EXPECT_EQ(judged_exits(first.session()) + judged_exits(second.session()), 80U);
  EXPECT_EQ(second.session().ebpf.all(), 30U);
  EXPECT_EQ(accept(second, reading_of(190, 89), sample_of(190)), Verdict::kDisagrees);
}

TEST(RunningSession, OwnExitsAreThoseOfTheSession) {
  RunningSession first{start_of(boundary_of(0), 0)};
  first.own().add(0, sample_of(7).counts);
  first.update(sample_of(7));
  EXPECT_EQ(first.session().own_exits, 7U);
  RunningSession second{first.next("2", {sample_of(7).counts}, sample_of(7))};
  second.own().add(0, sample_of(5).counts);
  second.update(sample_of(12));
  EXPECT_EQ(second.session().own_exits, 5U);
}

}  // namespace
}  // namespace exitledger
