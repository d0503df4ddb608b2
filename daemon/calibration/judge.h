// SPDX-License-Identifier: MIT
// What a row's witnesses say, held against the table and against each other. Touches nothing but its arguments.
#pragma once

#include <span>
#include <vector>

#include "calibration/measure.h"
#include "calibration/row.h"
#include "calibration/table.h"
#include "exitledger.h"
#include "model/calibration.h"
#include "model/counts.h"

namespace exitledger {

/// Questions about every reason that both books hold, and about the passes that are no exits, of the vCPU that asks.
/// `reasons` is the leaf's table; CPUID comes first, so that the fewest questions are in its own count.
[[nodiscard]] std::vector<LeafQuery> questions_about(Vendor vendor, std::span<const Reason> reasons);

/// The books of one row.
struct RowBooks {
  RowRun run;
  Counts ebpf;                    ///< the eBPF book of the row's VM, from its birth to its death
  std::vector<el_answer> traced;  ///< the answers as kvm:kvm_cpuid carried them
};

/// A row agrees if every reason has the number that the table expects in both books, what is not expected has 0 or
/// comes by itself, each answer equals the eBPF count of its instant, and KVM's statistics say the same. An answer that
/// was not traced, or was traced without a slot, leaves the row at "cannot tell", and so does a guest without a book.
/// Where KVM emulates the row and the leaf is absent, KVM's statistic `exits` is left out; the row's meaning says so.
[[nodiscard]] CalibratedRow judge_row(const CalibrationTarget& target, const CalibrationRow& row,
                                      const RowBooks& books);

}  // namespace exitledger
