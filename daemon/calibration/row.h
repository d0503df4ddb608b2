// SPDX-License-Identifier: MIT
// One row of the calibration: what a micro guest does N times, and what each witness must say of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "microvm/code.h"
#include "model/exit_reason.h"

namespace exitledger {

/// How sure the number of exits is.
enum class Certainty : std::uint8_t {
  kExact,      ///< unconditional and never retried: every witness must have that number
  kWitnesses,  ///< KVM or the processor decides how many: the witnesses must have the same number, whichever
};

/// What one turn of the loop yields.
struct Expectation {
  Reason reason = 0;
  unsigned per_turn = 1;  ///< 0: intercepted by nobody in this paging mode, so none at all
  Certainty certainty = Certainty::kExact;
};
struct StatExpectation {
  std::string_view name;  ///< as in KvmStats
  unsigned per_turn = 1;
};

/// How the guest says that it is done: HLT comes to user space where there is no in-kernel interrupt controller, OUT
/// to kDonePort always.
enum class Done : std::uint8_t { kHalt, kOut };
inline constexpr std::uint8_t kDonePort = 0x5F;

struct CalibrationRow {
  std::string_view name;  ///< stable, for people and JSON: "cpuid", "io-out-user"
  std::string_view why;   ///< why this many exits: what the manual or KVM's source says
  std::vector<Expectation> expected{};
  std::vector<StatExpectation> stats{};

  Code before{};  ///< once. EBP counts the turns and must survive both; all other registers are free
  Code turn{};    ///< N times
  std::uint8_t skipped_at_fault = 0;  ///< bytes of the instruction that raises #UD or #GP, and is skipped then; 0: none

  Done done = Done::kHalt;
  bool xsave = false;                        ///< the guest has XSAVE, and CR4.OSXSAVE is set
  std::optional<std::uint8_t> event_port{};  ///< OUT to it ends in the kernel (KVM_IOEVENTFD)
  /// `turn` is 16-bit code that halts over and over, run in real mode with a data segment of 4 GiB: no virtual-8086
  /// mode can stand for it. EBP counts nothing; the host counts the halts.
  bool real_mode = false;
  bool emulated = false;     ///< KVM's emulator runs `turn`: its passes are in KVM's statistic `exits`, too
  bool irqchip = false;      ///< with interrupt controllers in the kernel; `done` is kOut
  bool fresh_pages = false;  ///< `turn` touches [ESI], a page that was never touched, and goes on
};

}  // namespace exitledger
