// SPDX-License-Identifier: MIT
// Time from exit to entry in both books, read at one instant, and what can be said of the difference.
//
// The leaf reads the TSC, the probe CLOCK_MONOTONIC. Where each reads stands in docs/exactness.md, "Time".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/exit_reason.h"

namespace exitledger {

/// Both sums of one reason on one physical CPU, of one instant (scope 4): absolute, and of the same intervals, because
/// both books add an interval on the CPU of its entry with interrupts off in between.
struct TimeRound {
  std::uint32_t cpu = 0;
  Reason reason = 0;
  std::uint64_t leaf_cycles = 0;  ///< TSC cycles since the vendor module was loaded
  std::uint64_t ebpf_ns = 0;      ///< CLOCK_MONOTONIC since the probe attached
  std::uint64_t intervals = 0;    ///< that ebpf_ns is the sum of: exits that were entered from again
};

/// TSC and CLOCK_MONOTONIC of one instant, as a user of both can have it.
struct ClockPair {
  std::uint64_t tsc = 0;
  std::uint64_t monotonic_ns = 0;
  std::uint64_t error_ns = 0;  ///< monotonic_ns is at most this far from the instant of `tsc`
};

/// Time as one sweep read it.
struct TimeReading {
  std::string obstacle;  ///< why the books of time cannot be compared; empty if they can, else nothing below counts
  ClockPair clocks;
  std::vector<TimeRound> rounds;  ///< one per CPU and reason that cycles are kept for, kReasonUnknown among them
  std::uint64_t own_ns = 0, own_intervals = 0;  ///< of the reader's own CPUID exits in this sweep, by the probe
  std::uint64_t backwards = 0;  ///< intervals that the leaf dropped because the TSC went back; of all CPUs, absolute
};

/// A verdict of its own, never mixed with that on counts. In order of severity.
enum class TimeVerdict : std::uint8_t {
  kWithinBound = 0,  ///< the difference lies within what the places of the two reads explain
  kCannotTell = 1,   ///< no cycles are kept, no durations, or something that the bound rests on does not hold
  kBeyondBound = 2,  ///< it does not
};

inline constexpr std::array kTimeVerdicts{TimeVerdict::kWithinBound, TimeVerdict::kCannotTell,
                                          TimeVerdict::kBeyondBound};

/// "within bound", "cannot tell", "beyond bound".
[[nodiscard]] std::string_view to_string(TimeVerdict verdict);

/// Both sums of one reason since the session's first reading, over all CPUs.
struct TimeRow {
  Reason reason = 0;
  std::uint64_t exits = 0;         ///< intervals that both sums are of
  std::uint64_t leaf_cycles = 0;   ///< the leaf's, as it counts
  std::int64_t leaf_ns = 0;        ///< over the TSC rate
  std::int64_t ebpf_ns = 0;        ///< the histogram's
  std::int64_t difference_ns = 0;  ///< leaf less eBPF
  std::int64_t least_ns = 0;       ///< bounds of the difference
  std::int64_t most_ns = 0;
  TimeVerdict verdict = TimeVerdict::kCannotTell;
  std::string why;  ///< one clause when the verdict is not kWithinBound
};

/// What a session says of time, as of its newest reading.
struct TimeResult {
  /// Nothing can be told of any row, for this reason.
  void cannot_tell(const std::string& because);

  TimeVerdict verdict = TimeVerdict::kCannotTell;
  std::string why = "no reading yet";  ///< one clause when the verdict is not kWithinBound
  std::uint64_t rate_hz = 0;           ///< of the TSC, measured against CLOCK_MONOTONIC; 0: not known
  std::uint64_t rate_error_ppb = 0;    ///< how far it may be off at any time within the session
  std::int64_t gap_ns = 0;             ///< what the code between the reads may take, per exit; 0: not known
  std::vector<TimeRow> reasons;        ///< ascending, those with an exit or a cycle; empty if nothing can be compared
  std::vector<TimeRound> start;        ///< of these reasons, per CPU: the first reading that held them
  std::vector<TimeRound> raw;          ///< and the newest: less `start`, summed over the CPUs, these are `reasons`
};

}  // namespace exitledger
