// SPDX-License-Identifier: MIT
#include "crosscheck/time_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kOwnNs = 1'500;       // mean of the reader's own exits
constexpr std::uint64_t kHz = 2'000'000'000;  // two cycles per nanosecond

// A host with one TSC whose books of time are written interval by interval.
class TimedHost {
 public:
  /// Intervals of one reason: what the probe measures of each, and how much longer the leaf's is.
  void intervals(std::uint32_t cpu, Reason reason, std::uint64_t count, std::uint64_t ns, std::int64_t gap_ns) {
    TimeRound& round = books_[{cpu, reason}];
    round.cpu = cpu;
    round.reason = reason;
    round.intervals += count;
    round.ebpf_ns += count * ns;
    round.leaf_cycles += count * static_cast<std::uint64_t>(static_cast<std::int64_t>(ns) + gap_ns) * (kHz / kSecond);
  }
  TimeReading read() {
    now_ns_ += kSecond;
    TimeReading reading;
    reading.clocks = {now_ns_ * (kHz / kSecond), now_ns_, 1};
    for (const auto& [place, round] : books_) reading.rounds.push_back(round);
    reading.own_ns = 100 * kOwnNs;
    reading.own_intervals = 100;
    reading.backwards = backwards;
    return reading;
  }
  std::uint64_t backwards = 0;

 private:
  std::map<Place, TimeRound> books_;
  std::uint64_t now_ns_ = 0;
};

class TimeChecked : public testing::Test {
 protected:
  TimeChecked() {
    // Before the first reading the books may hold anything: only what comes after is compared.
    host_.intervals(0, vmx::kCpuid, 5, 1'000, 5'000'000);
    host_.intervals(0, vmx::kHlt, 1, 1'000, 0);
    host_.intervals(1, vmx::kHlt, 1, 1'000, 0);
    check_.accept(host_.read(), 0);
  }
  TimeRow only_row() {
    const TimeResult result = check_.result();
    EXPECT_THAT(result.reasons, SizeIs(1));
    return result.reasons.empty() ? TimeRow{} : result.reasons.front();
  }

  TimedHost host_;
  TimeCheck check_{Vendor::kVmx, false};
};

TEST_F(TimeChecked, OneReadingTellsNothing) {
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kCannotTell);
  EXPECT_THAT(check_.result().why, HasSubstr("one reading"));
  EXPECT_THAT(check_.result().reasons, IsEmpty());
}

TEST_F(TimeChecked, AGapThatTheCodeBetweenTheReadsExplainsIsWithinTheBound) {
  host_.intervals(0, vmx::kCpuid, 1'000, 2'000, 700);
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kWithinBound);
  EXPECT_EQ(check_.result().why, "");
  EXPECT_EQ(check_.result().rate_hz, kHz);
  const TimeRow row = only_row();
  EXPECT_EQ(row.reason, vmx::kCpuid);
  EXPECT_EQ(row.exits, 1'000U);
  EXPECT_EQ(row.ebpf_ns, 2'000'000);
  EXPECT_EQ(row.leaf_cycles, 5'400'000U);
  EXPECT_EQ(row.leaf_ns, 2'700'000);
  EXPECT_EQ(row.difference_ns, 700'000);
  EXPECT_EQ(row.verdict, TimeVerdict::kWithinBound);
}

TEST_F(TimeChecked, BoundsAreThoseOfTheDerivation) {
  host_.intervals(0, vmx::kCpuid, 1'000, 2'000'000, 0);
  check_.accept(host_.read(), 0);
  // 1000 ppm of 2 s, and the rate's own error of 2 ns in a second.
  const std::int64_t clocks = 2'000'000 + 4 + 1'000 * TimeBound::kRoundingNs;
  EXPECT_EQ(only_row().least_ns, -clocks);
  EXPECT_EQ(only_row().most_ns, clocks + 1'000 * (TimeBound::kTimerWaitNs + static_cast<std::int64_t>(kOwnNs)) +
                                    TimeBound::kInterruptionNs);
}

TEST_F(TimeChecked, WithoutExitsOfTheReaderThereIsNoBound) {
  TimeCheck check{Vendor::kVmx, false};
  for (int i = 0; i < 2; ++i) {
    TimeReading reading = host_.read();
    reading.own_ns = reading.own_intervals = 0;
    check.accept(reading, 0);
  }
  EXPECT_EQ(check.result().verdict, TimeVerdict::kCannotTell);
  EXPECT_THAT(check.result().why, HasSubstr("own exits"));
  EXPECT_EQ(check.result().gap_ns, 0);
}

TEST_F(TimeChecked, ALeafThatIsShorterIsBeyondTheBoundAtOnce) {
  // 30 ns of 2 us: an exit read that stands after the probe's.
  host_.intervals(0, vmx::kCpuid, 1'000, 2'000, -30);
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kBeyondBound);
  EXPECT_THAT(check_.result().why, HasSubstr("CPUID: the leaf's time is shorter by 30 ns per exit"));
  EXPECT_EQ(only_row().verdict, TimeVerdict::kBeyondBound);
}

TEST_F(TimeChecked, CyclesThatAreCountedTwiceAreBeyondTheBound) {
  host_.intervals(0, vmx::kHlt, 1'000, 100'000, 100'000 + 700);
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kBeyondBound);
  EXPECT_THAT(check_.result().why, HasSubstr("HLT: the leaf's time is longer by 100700 ns per exit"));
}

TEST_F(TimeChecked, CyclesThatAreNotKeptAlthoughTheFlagSaysSoAreBeyondTheBound) {
  host_.intervals(0, vmx::kHlt, 10, 100'000, -100'000);
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kBeyondBound);
}

TEST_F(TimeChecked, CyclesOfAReasonThatTheProbeTimedNothingOfAreShown) {
  TimeReading reading = host_.read();
  reading.rounds.push_back({0, vmx::kIo, 10, 0, 0});
  check_.accept(reading, 0);
  reading = host_.read();
  reading.rounds.push_back({0, vmx::kIo, 10 + 100 * kHz, 0, 0});
  check_.accept(reading, 0);
  EXPECT_EQ(only_row().exits, 0U);
  EXPECT_EQ(only_row().verdict, TimeVerdict::kBeyondBound);
}

TEST_F(TimeChecked, OneInterruptionBetweenTheReadsIsAllowed) {
  host_.intervals(0, vmx::kHlt, 1, 5'000, 15'000'000);
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kWithinBound);
  host_.intervals(0, vmx::kHlt, 1, 5'000, 15'000'000);
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kBeyondBound);
}

TEST_F(TimeChecked, CpusAreSummedEachSinceItsOwnFirstReading) {
  host_.intervals(1, vmx::kHlt, 10, 1'000, 500);
  host_.intervals(0, vmx::kHlt, 10, 1'000, 500);
  host_.intervals(2, vmx::kHlt, 10, 1'000, 500);  // a CPU that came up: its first reading
  check_.accept(host_.read(), 0);
  EXPECT_EQ(only_row().exits, 20U);
  host_.intervals(2, vmx::kHlt, 1, 1'000, 500);
  check_.accept(host_.read(), 0);
  EXPECT_EQ(only_row().exits, 21U);
  EXPECT_EQ(only_row().difference_ns, 21 * 500);
}

TEST_F(TimeChecked, TheWorstReasonIsTheVerdict) {
  host_.intervals(0, vmx::kCpuid, 1'000, 2'000, 700);
  host_.intervals(0, vmx::kHlt, 1'000, 2'000, -700);
  check_.accept(host_.read(), 0);
  const TimeResult result = check_.result();
  ASSERT_THAT(result.reasons, SizeIs(2));
  EXPECT_EQ(result.reasons[0].verdict, TimeVerdict::kWithinBound);
  EXPECT_EQ(result.reasons[1].verdict, TimeVerdict::kBeyondBound);
  EXPECT_EQ(result.verdict, TimeVerdict::kBeyondBound);
}

TEST_F(TimeChecked, OneReasonIsNamedAndTheOthersAreCounted) {
  host_.intervals(0, vmx::kIo, 1, 2'000, 0);
  check_.accept(host_.read(), 0);
  for (const Reason reason : {vmx::kCpuid, vmx::kHlt, vmx::kIo}) host_.intervals(0, reason, 1'000, 2'000, -700);
  check_.accept(host_.read(), 0);
  const std::string why = check_.result().why;
  EXPECT_THAT(why, testing::StartsWith("CPUID: "));
  EXPECT_THAT(why, testing::EndsWith("; and 2 more"));
}

TEST_F(TimeChecked, WhatIsMissingInEitherBookForbidsToTell) {
  host_.intervals(0, vmx::kHlt, 1'000, 100'000, -700);
  check_.accept(host_.read(), 1);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kCannotTell);
  EXPECT_THAT(check_.result().why, HasSubstr("1 interval may be missing"));
  EXPECT_EQ(only_row().verdict, TimeVerdict::kCannotTell);
}

TEST_F(TimeChecked, ATscThatWentBackwardsForbidsToTell) {
  host_.backwards = 3;
  host_.intervals(0, vmx::kHlt, 1'000, 100'000, -700);
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kCannotTell);
  EXPECT_THAT(check_.result().why, HasSubstr("backwards in 3 intervals"));
}

TEST_F(TimeChecked, WhatWasBackwardsBeforeTheFirstReadingDoesNot) {
  TimedHost host;
  host.backwards = 3;
  TimeCheck check{Vendor::kVmx, false};
  check.accept(host.read(), 0);
  host.intervals(0, vmx::kHlt, 10, 1'000, 500);
  check.accept(host.read(), 0);
  EXPECT_EQ(check.result().verdict, TimeVerdict::kWithinBound);
}

TEST_F(TimeChecked, AnObstacleIsOfItsReadingAndAbsentIsNotZero) {
  TimeReading without;
  without.obstacle = "KVM keeps no cycles";
  TimeCheck never{Vendor::kVmx, false};
  never.accept(without, 0);
  EXPECT_EQ(never.result().verdict, TimeVerdict::kCannotTell);
  EXPECT_EQ(never.result().why, "KVM keeps no cycles");
  EXPECT_EQ(never.result().rate_hz, 0U);
  EXPECT_THAT(never.result().reasons, IsEmpty());

  host_.intervals(0, vmx::kHlt, 10, 1'000, 500);
  check_.accept(host_.read(), 0);
  check_.accept(without, 0);
  EXPECT_EQ(check_.result().why, "KVM keeps no cycles");
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kWithinBound);
}

TEST_F(TimeChecked, ASumThatFellIsAResetForGood) {
  TimeReading reading = host_.read();
  reading.rounds.front().leaf_cycles -= 1;
  check_.accept(reading, 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kCannotTell);
  EXPECT_THAT(check_.result().why, HasSubstr("a sum of CPUID fell on CPU 0"));
  check_.accept(host_.read(), 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kCannotTell);
}

TEST_F(TimeChecked, AnOlderVcpuExplainsASurplusButNoLack) {
  TimeCheck check{Vendor::kVmx, true};
  check.accept(host_.read(), 0);
  // The guest had halted for a minute when the probe attached: the leaf alone has that minute.
  host_.intervals(0, vmx::kHlt, 1, 1'000, 60'000'000'000);
  check.accept(host_.read(), 0);
  EXPECT_EQ(check.result().verdict, TimeVerdict::kCannotTell);
  EXPECT_THAT(check.result().why, HasSubstr("older than the probe"));
  host_.intervals(0, vmx::kCpuid, 1'000, 2'000, -700);
  check.accept(host_.read(), 0);
  EXPECT_EQ(check.result().verdict, TimeVerdict::kBeyondBound);
}

TEST_F(TimeChecked, ClocksThatDidNotKeepOneRateForbidToTell) {
  host_.intervals(0, vmx::kHlt, 10, 1'000, 500);
  check_.accept(host_.read(), 0);
  TimeReading slept = host_.read();
  slept.clocks.tsc += kHz;  // CLOCK_MONOTONIC stood still for a second
  check_.accept(slept, 0);
  EXPECT_EQ(check_.result().verdict, TimeVerdict::kCannotTell);
  EXPECT_THAT(check_.result().why, HasSubstr("did not keep one rate"));
}

// A certificate may state anything: no number of it may overflow.
TEST(TimeRows, OfNumbersThatNoHostHasAreTheLargestThatThereAre) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const TimeSums sums{UINT64_MAX, UINT64_MAX, UINT64_MAX};
  const TimeRow row = judge_time(vmx::kHlt, sums, {1, UINT64_MAX, kMost, false});
  EXPECT_EQ(row.leaf_ns, kMost);
  EXPECT_EQ(row.ebpf_ns, kMost);
  EXPECT_EQ(row.difference_ns, 0);
  EXPECT_EQ(row.least_ns, -kMost);
  EXPECT_EQ(row.most_ns, kMost);
  const TimeRow negative = judge_time(vmx::kHlt, sums, {1, 0, std::numeric_limits<std::int64_t>::min(), false});
  EXPECT_EQ(negative.most_ns, TimeBound::kInterruptionNs - 1) << "the least and the largest";
}

}  // namespace
}  // namespace exitledger
