// SPDX-License-Identifier: MIT
#include "crosscheck/time_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace exitledger {
namespace {

constexpr double kNsPerSecond = 1e9;
constexpr double kPpb = 1e9;

std::int64_t whole(double value) { return std::llround(value); }

/// One clause for a row beyond its bound: how far per exit, in which direction.
std::string beyond(const TimeRow& row) {
  const auto exits = static_cast<double>(std::max<std::uint64_t>(row.exits, 1));
  if (row.difference_ns < row.least_ns)
    return fmt::format("the leaf's time is shorter by {:.0f} ns per exit, and no delay between the reads does that",
                       static_cast<double>(-row.difference_ns) / exits);
  return fmt::format("the leaf's time is longer by {:.0f} ns per exit, {:.0f} are explained",
                     static_cast<double>(row.difference_ns) / exits, static_cast<double>(row.most_ns) / exits);
}

}  // namespace

bool TimeCheck::fell(const Followed& followed, const TimeRound& round) {
  const Sums& last = followed.newest;
  return round.leaf_cycles < last.cycles || round.ebpf_ns < last.ns || round.intervals < last.intervals;
}

void TimeCheck::accept(const TimeReading& reading, std::uint64_t lost) {
  lost_ = std::max(lost_, lost);
  obstacle_ = reading.obstacle;
  if (!broken_.empty() || !obstacle_.empty()) return;
  for (const TimeRound& round : reading.rounds) {
    const auto found = places_.find({round.cpu, round.reason});
    if (found == places_.end() || !fell(found->second, round)) continue;
    broken_ = fmt::format("a sum of {} fell on CPU {}: a reset", reason_label(vendor_, round.reason), round.cpu);
    return;
  }
  for (const TimeRound& round : reading.rounds) {
    const Sums sums{round.leaf_cycles, round.ebpf_ns, round.intervals};
    const auto [place, added] = places_.try_emplace({round.cpu, round.reason}, Followed{sums, sums});
    place->second.newest = sums;
  }
  if (!first_backwards_) first_backwards_ = reading.backwards;
  backwards_ = reading.backwards - *first_backwards_;
  own_ns_ += reading.own_ns;
  own_intervals_ += reading.own_intervals;
  rate_.accept(reading.clocks);
  ++readings_;
}

/// What keeps every reason from a verdict; empty if nothing does.
std::string TimeCheck::obstacle() const {
  if (!broken_.empty()) return broken_;
  if (!obstacle_.empty()) return obstacle_;
  if (readings_ == 0) return "no reading yet";
  if (lost_ > 0) return fmt::format("{} interval{} may be missing in the eBPF book", lost_, lost_ == 1 ? "" : "s");
  if (backwards_ > 0)
    return fmt::format("the TSC went backwards in {} interval{}", backwards_, backwards_ == 1 ? "" : "s");
  if (own_intervals_ == 0) return "none of the reader's own exits was timed";
  if (readings_ == 1) return "one reading so far: time is compared from it on";
  if (!rate_.rate()) return "the readings are too close to tell the TSC's rate, or a clock fell";
  if (!rate_.steady())
    return "the TSC and CLOCK_MONOTONIC did not keep one rate: the host slept, or its clock is slewed";
  return {};
}

std::map<Reason, TimeCheck::Sums> TimeCheck::totals() const {
  std::map<Reason, Sums> totals;
  for (const auto& [place, followed] : places_) {
    Sums& sums = totals[place.reason];
    sums.cycles += followed.newest.cycles - followed.first.cycles;
    sums.ns += followed.newest.ns - followed.first.ns;
    sums.intervals += followed.newest.intervals - followed.first.intervals;
  }
  std::erase_if(totals, [](const auto& entry) { return entry.second.intervals == 0 && entry.second.cycles == 0; });
  return totals;
}

std::int64_t TimeCheck::gap_ns() const {
  if (own_intervals_ == 0) return 0;
  return TimeBound::kTimerWaitNs + static_cast<std::int64_t>(own_ns_ / own_intervals_);
}

TimeRow TimeCheck::row(Reason reason, const Sums& sums, const TscRate::Rate& rate) const {
  TimeRow row;
  row.reason = reason;
  row.exits = sums.intervals;
  row.leaf_cycles = sums.cycles;
  row.leaf_ns = whole(static_cast<double>(sums.cycles) / rate.hz * kNsPerSecond);
  row.ebpf_ns = static_cast<std::int64_t>(sums.ns);
  row.difference_ns = row.leaf_ns - row.ebpf_ns;
  const auto exits = static_cast<std::int64_t>(sums.intervals);
  const std::int64_t clocks = exits * TimeBound::kRoundingNs + whole(rate.error * static_cast<double>(sums.ns));
  row.least_ns = -clocks;
  row.most_ns = clocks + exits * gap_ns() + TimeBound::kInterruptionNs;
  if (row.difference_ns < row.least_ns) {
    row.verdict = TimeVerdict::kBeyondBound;
  } else if (row.difference_ns <= row.most_ns) {
    row.verdict = TimeVerdict::kWithinBound;
    return row;
  } else {
    row.verdict = older_vcpus_ ? TimeVerdict::kCannotTell : TimeVerdict::kBeyondBound;
  }
  row.why = row.verdict == TimeVerdict::kCannotTell
                ? "the leaf's time is longer, and a vCPU older than the probe can explain that"
                : beyond(row);
  return row;
}

TimeResult TimeCheck::result() const {
  TimeResult result;
  result.gap_ns = gap_ns();
  const auto rate = rate_.rate();
  if (rate) {
    result.rate_hz = static_cast<std::uint64_t>(whole(rate->hz));
    result.rate_error_ppb = static_cast<std::uint64_t>(whole(rate->error * kPpb));
  }
  if (rate) {
    for (const auto& [reason, sums] : totals()) result.reasons.push_back(row(reason, sums, *rate));
  }
  if (const std::string obstacle = this->obstacle(); !obstacle.empty()) {
    result.cannot_tell(obstacle);
    return result;
  }
  result.verdict = TimeVerdict::kWithinBound;
  result.why.clear();
  std::size_t alike = 0;  // rows of the worst verdict but the first
  for (const TimeRow& each : result.reasons) {
    if (each.verdict == result.verdict) ++alike;
    if (each.verdict <= result.verdict) continue;
    result.verdict = each.verdict;
    result.why = reason_label(vendor_, each.reason) + ": " + each.why;
    alike = 0;
  }
  if (!result.why.empty() && alike > 0) result.why += fmt::format("; and {} more", alike);
  return result;
}

}  // namespace exitledger
