// SPDX-License-Identifier: MIT
// Private to the table: the rows of each vendor, and those of both that differ in nothing but the reason's number.
#pragma once

#include <vector>

#include "calibration/table.h"

namespace exitledger {

[[nodiscard]] std::vector<CalibrationRow> vmx_rows(const CalibrationTarget& target);
[[nodiscard]] std::vector<CalibrationRow> svm_rows(const CalibrationTarget& target);

/// Where the two vendors number the same event differently.
struct CommonReasons {
  Reason cpuid, hypercall, io, msr_read, msr_write, halt;
  Code (*call)();  ///< the vendor's own hypercall instruction
};
/// The fast subset: CPUID, hypercall, I/O, RDMSR, WRMSR.
[[nodiscard]] std::vector<CalibrationRow> common_fast_rows(const CommonReasons& reasons);
/// HLT, other hypercalls and kinds of I/O, a TSC deadline.
[[nodiscard]] std::vector<CalibrationRow> common_rows(const CommonReasons& reasons);
/// HLT in real mode; `emulated`: KVM does it without the processor.
[[nodiscard]] CalibrationRow real_mode_row(Reason halt, bool emulated);
/// MMIO, fresh pages, PAUSE, debug registers: what KVM decides from case to case.
[[nodiscard]] std::vector<CalibrationRow> witness_rows(Reason pause, Reason debug_register);

/// One instruction a turn; EAX is the address of memory.
[[nodiscard]] CalibrationRow plain_row(std::string_view name, std::string_view why, const Code& turn, Reason reason,
                                       unsigned per_turn = 1);
/// XSETBV in a guest that has it.
[[nodiscard]] CalibrationRow xsetbv_row(std::string_view why, Reason reason);
/// MOV to a control register that changes a bit which the host owns, each turn.
[[nodiscard]] CalibrationRow control_row(std::string_view name, std::string_view why, unsigned number,
                                         std::uint32_t start, std::uint32_t flipped, Reason reason);
/// An instruction that always exits and raises #UD or #GP in the guest afterwards.
[[nodiscard]] CalibrationRow refused_row(std::string_view name, std::string_view why,
                                         std::initializer_list<std::uint8_t> instruction, Reason reason);

}  // namespace exitledger
