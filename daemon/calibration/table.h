// SPDX-License-Identifier: MIT
// The calibration's table: per vendor and paging mode, what a guest can do a known number of times, and why that many
// exits. The one place that says so.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "calibration/row.h"
#include "model/paging.h"

namespace exitledger {

struct CalibrationTarget {
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  std::map<std::string, std::string> parameters;  ///< "kvm_intel.unrestricted_guest" -> "Y", as in Session
  bool xsave = false;                             ///< the host's processor has XSAVE
  bool rdrand = false;                            ///< … RDRAND
};

/// CPUID of this processor, for CalibrationTarget.
[[nodiscard]] bool processor_has_xsave();
[[nodiscard]] bool processor_has_rdrand();

/// All rows, those of the fast subset first.
[[nodiscard]] std::vector<CalibrationRow> calibration_rows(const CalibrationTarget& target);

/// Of calibration_rows(), how many are the fast subset: what a daemon does before its first verdict.
inline constexpr std::size_t kFastRows = 5;

/// Reasons of exits that come from outside of a row's own instructions: interrupts of the host, and memory that is
/// touched for the first time. They may be in any row, in any number.
[[nodiscard]] bool comes_by_itself(const CalibrationTarget& target, Reason reason);

}  // namespace exitledger
