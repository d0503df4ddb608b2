// SPDX-License-Identifier: MIT
#include "crosscheck/interval.h"

#include <algorithm>

namespace exitledger {
namespace {

/// a − b modulo 2^64, as a signed number: signed subtraction could overflow on counts that no host can reach.
std::int64_t difference(std::uint64_t a, std::uint64_t b) { return static_cast<std::int64_t>(a - b); }

std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

Interval Interval::intersect(const Interval& other) const {
  return {std::max(low, other.low), std::min(high, other.high)};
}

Interval Interval::shifted(std::int64_t by) const { return {sum(low, by), sum(high, by)}; }

std::int64_t Interval::deviation_from(const Interval& other) const {
  if (low > other.high) return difference(static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(other.high));
  if (high < other.low) return difference(static_cast<std::uint64_t>(high), static_cast<std::uint64_t>(other.low));
  return 0;
}

Interval interval_of(const Round& round) {
  return {difference(round.leaf, round.ebpf_after + round.window), difference(round.leaf, round.ebpf_before)};
}

}  // namespace exitledger
