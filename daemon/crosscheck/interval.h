// SPDX-License-Identifier: MIT
// What one round, and all rounds together, leave possible for the constant difference of the two books.
#pragma once

#include <cstdint>

#include "model/reading.h"

namespace exitledger {

/// Possible values of K = leaf − eBPF for one CPU and reason within one epoch: a constant, since both books hold every
/// exit and only grow. Counts are taken modulo 2^64, so a nonsensical round yields a nonsensical interval, never
/// undefined behaviour.
struct Interval {
  std::int64_t low = 0, high = 0;

  [[nodiscard]] bool empty() const { return low > high; }
  [[nodiscard]] bool point() const { return low == high; }
  [[nodiscard]] Interval intersect(const Interval& other) const;
  [[nodiscard]] Interval shifted(std::int64_t by) const;
  /// How far this lies from `other`, signed: 0 if they share a value, positive if this lies above it. Neither is empty.
  [[nodiscard]] std::int64_t deviation_from(const Interval& other) const;

  friend bool operator==(const Interval&, const Interval&) = default;
};

/// [leaf − ebpf_after − window, leaf − ebpf_before]
[[nodiscard]] Interval interval_of(const Round& round);

}  // namespace exitledger
