// SPDX-License-Identifier: MIT
#include "crosscheck/tsc_rate.h"

#include <algorithm>

#include "model/units.h"

namespace exitledger {
namespace {

constexpr std::uint64_t kStretchNs = 1'000'000'000;

double hz_between(const ClockPair& from, const ClockPair& to) {
  return static_cast<double>(to.tsc - from.tsc) * kNsPerSecond<double> /
         static_cast<double>(to.monotonic_ns - from.monotonic_ns);
}

double error_between(const ClockPair& from, const ClockPair& to) {
  return static_cast<double>(from.error_ns + to.error_ns) / static_cast<double>(to.monotonic_ns - from.monotonic_ns);
}

}  // namespace

void TscRate::accept(const ClockPair& pair) {
  if (!first_) {
    first_ = newest_ = mark_ = pair;
    return;
  }
  if (pair.tsc < newest_->tsc || pair.monotonic_ns < newest_->monotonic_ns) fell_ = true;
  if (fell_) return;
  newest_ = pair;
  if (pair.monotonic_ns - mark_->monotonic_ns < kStretchNs) return;
  const double hz = hz_between(*mark_, pair);
  slowest_ = slowest_ == 0 ? hz : std::min(slowest_, hz);
  fastest_ = std::max(fastest_, hz);
  mark_ = pair;
}

std::optional<TscRate::Rate> TscRate::rate() const {
  if (!first_ || fell_ || newest_->monotonic_ns == first_->monotonic_ns || newest_->tsc == first_->tsc)
    return std::nullopt;
  const double measured = error_between(*first_, *newest_);
  if (measured > kWander) return std::nullopt;
  return Rate{hz_between(*first_, *newest_), measured + kWander};
}

bool TscRate::steady() const {
  const auto average = rate();
  if (!average) return false;
  if (slowest_ == 0) return true;
  const double off = average->hz * average->error;
  return average->hz - slowest_ <= off && fastest_ - average->hz <= off;
}

}  // namespace exitledger
