// SPDX-License-Identifier: MIT
#include "calibration/table.h"

#include <cpuid.h>

#include <algorithm>
#include <array>

#include "calibration/rows.h"

namespace exitledger {

bool processor_has_xsave() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_XSAVE) != 0;
}

bool processor_has_rdrand() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_RDRND) != 0;
}

std::vector<CalibrationRow> calibration_rows(const CalibrationTarget& target) {
  return target.vendor == Vendor::kVmx ? vmx_rows(target) : svm_rows(target);
}

bool comes_by_itself(const CalibrationTarget& target, Reason reason) {
  // VMX: exception or NMI (an NMI of the host; under shadow paging each page fault), external interrupt, interrupt and
  // NMI window, EPT violation and misconfiguration, preemption timer, page-modification log full.
  static constexpr std::array<Reason, 8> kVmx{0, 1, 7, 8, 48, 49, 52, 62};
  // SVM: INTR, NMI, SMI, virtual interrupt, nested page fault, and #PF, which shadow paging intercepts.
  static constexpr std::array<Reason, 6> kSvm{0x60, 0x61, 0x62, 0x64, 0x400, 0x4E};
  return target.vendor == Vendor::kVmx ? std::ranges::find(kVmx, reason) != kVmx.end()
                                       : std::ranges::find(kSvm, reason) != kSvm.end();
}

}  // namespace exitledger
