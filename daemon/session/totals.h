// SPDX-License-Identifier: MIT
// Sums over all sessions of one paging mode: what counters in /metrics are made from.
#pragma once

#include <cstdint>
#include <map>

#include "model/sample.h"
#include "session/running.h"

namespace exitledger {

struct PagingTotals {
  Vendor vendor = Vendor::kVmx;
  Counts ebpf;
  bool leaf_read = false;                   ///< false: no session of this mode had a leaf; absent is not zero
  std::map<Reason, std::uint64_t> leaf;     ///< as of each session's last reading
  std::map<Reason, std::uint64_t> own;      ///< exits of the reader's own micro guests, included in both books
  std::map<Reason, std::int64_t> residual;  ///< of the newest session of this mode
  std::map<Reason, DurationHistogram> durations;
  std::int64_t last_exact_unix_ns = 0;
};

/// Adds a session as it stands; `sample` is the probe's newest.
void add(PagingTotals& totals, const RunningSession& running, const ProbeSample& sample);

}  // namespace exitledger
