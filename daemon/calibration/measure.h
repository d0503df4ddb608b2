// SPDX-License-Identifier: MIT
// Runs one row of the calibration in a micro guest of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "calibration/row.h"
#include "model/result.h"
#include "witness/kvm_stats.h"
#include "witness/leaf.h"

namespace exitledger {

/// What a row's guest saw and what KVM kept of it, taken when the guest was done and before it was destroyed.
struct RowRun {
  std::uint32_t turns = 0;  ///< as done: less than asked for where the row has a limit
  std::uint64_t ticks = 0;  ///< of the TSC, from before the guest's first entry to its end, user space's part included
  std::vector<LeafAnswer> answers;
  std::optional<KvmStats> stats;  ///< of the vCPU; nullopt: this KVM has no such interface
};

/// The guest does the row `turns` times (at least 1) and then asks `questions`, in scopes that are let in. The VM is
/// gone on return. The calling thread should be pinned. Errors: those of KVM; a guest that does not come to its end.
[[nodiscard]] Result<RowRun> run_row(const LeafOptions& options, const CalibrationRow& row, std::uint32_t turns,
                                     std::span<const LeafQuery> questions);

}  // namespace exitledger
