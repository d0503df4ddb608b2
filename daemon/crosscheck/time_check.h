// SPDX-License-Identifier: MIT
// The leaf's cycles beside the probe's nanoseconds over one session. Pure: values in, a verdict out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "crosscheck/crosscheck.h"
#include "crosscheck/tsc_rate.h"
#include "model/exit_time.h"

namespace exitledger {

/// Bounds of leaf less eBPF for n exits whose eBPF sum is T (derivation: docs/exactness.md, "Time"):
///  * The leaf reads before the probe at the exit and after it at the entry, with interrupts off from read to read. So
///  an
///    interval of the leaf holds the probe's, whatever comes between the reads: least = −(n · kRoundingNs + e · T).
///  * What KVM and the probe execute between the reads: most = n · (g + kRoundingNs) + e · T + kInterruptionNs.
///  e is the rate's error (TscRate). g = kTimerWaitNs and the probe's mean of what the reader's own CPUID exits take,
///  on this machine and under its load: their way is several times longer than that between the reads.
struct TimeBound {
  /// Of a difference of two readings, each rounded down to a nanosecond.
  static constexpr std::int64_t kRoundingNs = 2;
  /// KVM's busy waiting for the guest's timer, in entries that inject it: LAPIC_TIMER_ADVANCE_NS_MAX,
  /// arch/x86/kvm/lapic.c.
  static constexpr std::int64_t kTimerWaitNs = 5'000;
  /// Per reason, for what no code of KVM's or the probe's explains and interrupts being off does not forbid: NMI, SMI,
  /// a hypervisor below that takes the CPU away.
  static constexpr std::int64_t kInterruptionNs = 20'000'000;
};

/// What the differences of one session are held against, as TimeResult states it.
struct TimeBasis {
  std::uint64_t rate_hz = 0;  ///< above 0
  std::uint64_t rate_error_ppb = 0;
  std::int64_t gap_ns = 0;
  bool older_vcpus = false;  ///< see TimeCheck
};

/// Sums of one reason since the session's first reading.
struct TimeSums {
  std::uint64_t cycles = 0, ns = 0, intervals = 0;
};

/// The row of one reason: everything in it follows from these values, in whole numbers, on any machine. What does not
/// fit into 64 bits becomes the largest number that does.
[[nodiscard]] TimeRow judge_time(Reason reason, const TimeSums& sums, const TimeBasis& basis);

/// Why nothing can be told of time where so many intervals may be missing in the probe's book.
[[nodiscard]] std::string missing_intervals(std::uint64_t lost);

/// Follows the sums of every CPU and reason from the first reading on. Not thread-safe.
class TimeCheck {
 public:
  /// `older_vcpus`: vCPUs may exist that are older than the probe. The leaf charges an interval that such a one was in
  /// when the probe attached, the probe does not: a surplus of the leaf then is "cannot tell".
  explicit TimeCheck(Vendor vendor, bool older_vcpus) : vendor_(vendor), older_vcpus_(older_vcpus) {}

  /// Takes one reading. `lost`: intervals that may be missing in the probe's book, within the session so far. A reading
  /// in which a sum fell makes the verdict "cannot tell" from then on.
  void accept(const TimeReading& reading, std::uint64_t lost);

  /// As of the newest reading.
  [[nodiscard]] TimeResult result() const;

 private:
  struct Followed {
    TimeRound first, newest;
  };
  [[nodiscard]] static bool fell(const Followed& followed, const TimeRound& round);
  [[nodiscard]] std::string obstacle() const;
  [[nodiscard]] std::map<Reason, TimeSums> totals() const;
  [[nodiscard]] std::int64_t gap_ns() const;
  void add_rows(TimeResult& result) const;

  Vendor vendor_;
  bool older_vcpus_;
  std::map<Place, Followed> places_;
  TscRate rate_;
  std::optional<std::uint64_t> first_backwards_;
  std::uint64_t own_ns_ = 0, own_intervals_ = 0;
  std::uint64_t backwards_ = 0;  ///< since the first reading
  std::uint64_t readings_ = 0;   ///< that could be compared
  std::uint64_t lost_ = 0;
  std::string broken_;    ///< why nothing can be told from here on
  std::string obstacle_;  ///< of the newest reading
};

}  // namespace exitledger
