// SPDX-License-Identifier: MIT
// Reconciles the two books over one session. Pure: values in, verdicts out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/reading.h"
#include "model/verdict.h"

namespace exitledger {

/// Possible values of K = leaf − eBPF for one CPU and reason within one epoch: a constant, since both books hold every exit.
struct Interval {
  std::int64_t low = 0, high = 0;
  [[nodiscard]] bool empty() const { return low > high; }
  [[nodiscard]] bool point() const { return low == high; }
  [[nodiscard]] Interval intersect(const Interval& other) const;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// [leaf − ebpf_after − window, leaf − ebpf_before]
[[nodiscard]] Interval interval_of(const Round& round);

class CrossCheck {
 public:
  /// `bases`: the eBPF book when the leaf stood at zero, one per CPU and reason, for a session whose start was seen:
  /// K is known before the first round. Empty: the first round of a CPU and reason sets K and the session's zero point.
  CrossCheck(Vendor vendor, std::vector<Base> bases);

  /// Takes one reading. A reading of another epoch, or one in which a count fell, makes the verdict "cannot tell" from
  /// then on: epochs are never crossed. `host_losses`: losses of the host's book within the session so far.
  void accept(const Reading& reading, std::uint64_t host_losses);

  /// Per reason, ascending, summed over CPUs; only reasons that either book has counted, and kReasonAll.
  [[nodiscard]] std::vector<ReasonVerdict> reasons() const;
  [[nodiscard]] Verdict verdict() const;
  /// One clause for a verdict that is not "agrees", naming reasons.
  [[nodiscard]] std::string why() const;
  [[nodiscard]] std::uint64_t readings() const { return readings_; }
  /// The rounds of the newest reading.
  [[nodiscard]] const std::vector<Round>& raw() const { return last_; }

 private:
  struct Track;
  Vendor vendor_;
  // (implementation's choice)
  std::uint64_t readings_ = 0;
  std::vector<Round> last_;
};

}  // namespace exitledger
