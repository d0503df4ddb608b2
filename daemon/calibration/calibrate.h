// SPDX-License-Identifier: MIT
// The calibration: every row of the table, each in a guest of its own, judged as it goes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "calibration/table.h"
#include "model/calibration.h"
#include "model/result.h"
#include "witness/ebpf.h"
#include "witness/leaf.h"

namespace exitledger {

struct CalibrationPlan {
  CalibrationTarget target;
  LeafOptions leaf;
  std::vector<Reason> reasons;  ///< the leaf's table; empty: the leaf is absent and is not asked
  std::uint32_t turns = 0;      ///< of every row
  bool fast = false;            ///< the first kFastRows alone
  std::function<bool()> go_on;  ///< called between rows: false ends it with an Error; may be empty
  /// Called after each row with what its guest cost, in the host's book of the CPU that the thread is pinned to.
  std::function<void(const Counts&)> book;
};

/// Runs on the thread's CPU: pin it. Errors: those of KVM. A disagreement is no Error but the verdict.
[[nodiscard]] Result<Calibration> calibrate(EbpfWitness& ebpf, const CalibrationPlan& plan);

}  // namespace exitledger
