// SPDX-License-Identifier: MIT
// The books' part in the comparison of time: whether there is one, and what became of it.
#include <fmt/format.h>

#include "session/books.h"
#include "witness/tsc_clock.h"

namespace exitledger {

// Why the books of time cannot be compared; empty if they can.
std::string Books::no_time() const {
  if (!leaf_host_->flags.cycles_kept()) return "KVM keeps no cycles: parameter exit_cycles of module kvm is off";
  if (!options_.probe.time) return "the probe keeps no durations";
  if (const auto runs = monotonic_runs_on_tsc(options_.probe.sys); !runs) return runs.error().message();
  return {};
}

void Books::count_time() {
  const TimeResult& time = running_->session().time;
  ++readings_of_time_[time.verdict];
  const bool beyond = time.verdict == TimeVerdict::kBeyondBound;
  if (beyond && !said_beyond_) say(LogLevel::kError, fmt::format("the books of time differ: {}", time.why));
  said_beyond_ = beyond;
}

}  // namespace exitledger
