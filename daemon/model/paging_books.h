// SPDX-License-Identifier: MIT
// Both books of one paging mode, over all its sessions in this process's life.
#pragma once

#include <cstdint>
#include <map>

#include "model/counts.h"
#include "model/sample.h"

namespace exitledger {

/// Every count only grows.
struct PagingBooks {
  Vendor vendor = Vendor::kVmx;
  Counts ebpf;
  std::map<Reason, std::uint64_t> leaf;         ///< as of each session's last reading; no entry at all: never read
  std::map<Reason, std::uint64_t> own;          ///< exits of the reader's own micro guests, included in the two above
  std::map<Reason, std::uint64_t> leaf_cycles;  ///< since each session's first reading; empty: none are kept
  std::map<Reason, std::int64_t>
      residual;  ///< leaf − eBPF that nothing explains, of the newest session; judged reasons only
  std::map<Reason, DurationHistogram> durations;  ///< exit to next entry; empty if time is not kept
  std::int64_t last_exact_unix_ns = 0;            ///< last reading in which every reason agreed; 0 = never
};

}  // namespace exitledger
