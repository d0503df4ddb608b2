// SPDX-License-Identifier: MIT
#include "crosscheck/time_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/units.h"

namespace exitledger {
namespace {

constexpr std::uint64_t kPpb = 1'000'000'000;

std::int64_t whole(double value) { return std::llround(value); }

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

// A document may state any number. What no host has is no matter, but must not overflow.
std::int64_t narrow(Wide value) {
  using Limits = std::numeric_limits<std::int64_t>;
  return static_cast<std::int64_t>(std::clamp(value, Wide{Limits::min()}, Wide{Limits::max()}));
}

/// a * b / c to the nearest whole number.
std::int64_t share(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  return narrow(static_cast<Wide>((UnsignedWide{a} * b + c / 2) / c));
}

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

std::string missing_intervals(std::uint64_t lost) {
  return fmt::format("{} interval{} may be missing in the eBPF book", lost, lost == 1 ? "" : "s");
}

TimeRow judge_time(Reason reason, const TimeSums& sums, const TimeBasis& basis) {
  TimeRow row;
  row.reason = reason;
  row.exits = sums.intervals;
  row.leaf_cycles = sums.cycles;
  row.leaf_ns = share(sums.cycles, kNsPerSecond<std::uint64_t>, basis.rate_hz);
  row.ebpf_ns = narrow(Wide{sums.ns});
  row.difference_ns = narrow(Wide{row.leaf_ns} - row.ebpf_ns);
  const Wide exits{sums.intervals};
  const std::int64_t clocks = narrow(exits * TimeBound::kRoundingNs + share(sums.ns, basis.rate_error_ppb, kPpb));
  row.least_ns = -clocks;
  row.most_ns = narrow(Wide{narrow(exits * basis.gap_ns)} + clocks + TimeBound::kInterruptionNs);
  if (row.difference_ns < row.least_ns) {
    row.verdict = TimeVerdict::kBeyondBound;
  } else if (row.difference_ns <= row.most_ns) {
    row.verdict = TimeVerdict::kWithinBound;
    return row;
  } else {
    row.verdict = basis.older_vcpus ? TimeVerdict::kCannotTell : TimeVerdict::kBeyondBound;
  }
  row.why = row.verdict == TimeVerdict::kCannotTell
                ? "the leaf's time is longer, and a vCPU older than the probe can explain that"
                : beyond(row);
  return row;
}

bool TimeCheck::fell(const Followed& followed, const TimeRound& round) {
  const TimeRound& last = followed.newest;
  return round.leaf_cycles < last.leaf_cycles || round.ebpf_ns < last.ebpf_ns || round.intervals < last.intervals;
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
    const auto [place, added] = places_.try_emplace({round.cpu, round.reason}, Followed{round, round});
    place->second.newest = round;
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
  if (lost_ > 0) return missing_intervals(lost_);
  if (backwards_ > 0)
    return fmt::format("the TSC went backwards in {} interval{}", backwards_, backwards_ == 1 ? "" : "s");
  if (own_intervals_ == 0) return "none of the reader's own exits was timed";
  if (readings_ == 1) return "one reading so far: time is compared from it on";
  if (!rate_.rate()) return "the readings are too close to tell the TSC's rate, or a clock fell";
  if (!rate_.steady())
    return "the TSC and CLOCK_MONOTONIC did not keep one rate: the host slept, or its clock is slewed";
  return {};
}

std::map<Reason, TimeSums> TimeCheck::totals() const {
  std::map<Reason, TimeSums> totals;
  for (const auto& [place, followed] : places_) {
    TimeSums& sums = totals[place.reason];
    sums.cycles += followed.newest.leaf_cycles - followed.first.leaf_cycles;
    sums.ns += followed.newest.ebpf_ns - followed.first.ebpf_ns;
    sums.intervals += followed.newest.intervals - followed.first.intervals;
  }
  std::erase_if(totals, [](const auto& entry) { return entry.second.intervals == 0 && entry.second.cycles == 0; });
  return totals;
}

std::int64_t TimeCheck::gap_ns() const {
  if (own_intervals_ == 0) return 0;
  return TimeBound::kTimerWaitNs + static_cast<std::int64_t>(own_ns_ / own_intervals_);
}

void TimeCheck::add_rows(TimeResult& result) const {
  const std::map<Reason, TimeSums> totals = this->totals();
  const TimeBasis basis{result.rate_hz, result.rate_error_ppb, result.gap_ns, older_vcpus_};
  for (const auto& [reason, sums] : totals) result.reasons.push_back(judge_time(reason, sums, basis));
  for (const auto& [place, followed] : places_) {
    if (!totals.contains(place.reason)) continue;
    result.start.push_back(followed.first);
    result.raw.push_back(followed.newest);
  }
}

TimeResult TimeCheck::result() const {
  TimeResult result;
  result.gap_ns = gap_ns();
  if (const auto rate = rate_.rate()) {
    result.rate_hz = static_cast<std::uint64_t>(whole(rate->hz));
    result.rate_error_ppb = static_cast<std::uint64_t>(whole(rate->error * static_cast<double>(kPpb)));
    if (result.rate_hz > 0) add_rows(result);
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
