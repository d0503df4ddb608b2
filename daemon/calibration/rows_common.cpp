// SPDX-License-Identifier: MIT
// Rows that both vendors have.
#include <array>
#include <span>

#include "calibration/rows.h"

namespace exitledger {
namespace {

using enum Register;

constexpr std::uint8_t kUserPort = 0x51, kEventPort = 0x53, kPicMaskPort = 0x21;
// IA32_PLATFORM_ID reads as 0 in every guest, IA32_BIOS_UPDT_TRIG takes every write (kvm_get_msr_common(),
// kvm_set_msr_common()); neither is in a bitmap that lets the guest pass.
constexpr std::uint32_t kPlatformId = 0x17, kUpdateTrigger = 0x79, kTscDeadline = 0x6E0;
constexpr std::uint32_t kPollIrq = 1, kNoSuchCall = 77;  // include/uapi/linux/kvm_para.h
constexpr std::uint32_t kNoMemory = 0xE0000000;

CalibrationRow hypercall(const CommonReasons& reasons, std::string_view name, std::string_view why,
                         std::uint32_t number) {
  CalibrationRow row{.name = name, .why = why, .expected = {{reasons.hypercall}}, .stats = {{"hypercalls"}}};
  row.turn.mov(kEax, number).append(reasons.call());
  return row;
}

CalibrationRow write_msr(const CommonReasons& reasons, std::string_view name, std::string_view why, std::uint32_t msr) {
  CalibrationRow row{.name = name, .why = why, .expected = {{reasons.msr_write}}};
  row.before.mov(kEcx, msr).mov(kEax, 0).mov(kEdx, 0x7FFFFFFF);
  row.turn.wrmsr();
  return row;
}

}  // namespace

std::vector<CalibrationRow> common_fast_rows(const CommonReasons& reasons) {
  CalibrationRow cpuid{.name = "cpuid", .why = "CPUID exits always", .expected = {{reasons.cpuid}}};
  cpuid.turn.mov(kEax, 0).cpuid();

  CalibrationRow out{.name = "io-out-user",
                     .why = "no port passes the I/O bitmap; nobody in the kernel has this one",
                     .expected = {{reasons.io}},
                     .stats = {{"io_exits"}}};
  out.turn.out(kUserPort);

  CalibrationRow rdmsr{
      .name = "rdmsr", .why = "IA32_PLATFORM_ID passes no bitmap and reads as 0", .expected = {{reasons.msr_read}}};
  rdmsr.before.mov(kEcx, kPlatformId);
  rdmsr.turn.rdmsr();

  return {cpuid, hypercall(reasons, "hypercall-poll-irq", "a hypercall exits always", kPollIrq), out, rdmsr,
          write_msr(reasons, "wrmsr", "IA32_BIOS_UPDT_TRIG passes no bitmap and takes every value", kUpdateTrigger)};
}

std::vector<CalibrationRow> common_rows(const CommonReasons& reasons) {
  CalibrationRow halt{.name = "hlt",
                      .why = "without an interrupt controller in the kernel HLT exits always, to user space",
                      .expected = {{reasons.halt}},
                      .stats = {{"halt_exits"}}};
  halt.turn.hlt();

  CalibrationRow in{.name = "io-in-user",
                    .why = "no port passes the I/O bitmap; nobody in the kernel has this one",
                    .expected = {{reasons.io}},
                    .stats = {{"io_exits"}}};
  in.turn.in(kUserPort);

  CalibrationRow event{.name = "io-out-kernel",
                       .why = "an I/O event descriptor takes the value in the kernel: one exit, user space sees none",
                       .expected = {{reasons.io}},
                       .stats = {{"io_exits"}}};
  event.event_port = kEventPort;
  event.turn.out(kEventPort);

  CalibrationRow pic{.name = "io-in-kernel",
                     .why = "the interrupt controller in the kernel answers: one exit, user space sees none",
                     .expected = {{reasons.io}},
                     .stats = {{"io_exits"}}};
  pic.irqchip = true;
  pic.done = Done::kOut;
  pic.turn.in(kPicMaskPort);

  return {
      halt,
      hypercall(reasons, "hypercall-unknown", "a hypercall exits always, also one that nobody knows", kNoSuchCall),
      in,
      event,
      pic,
      write_msr(reasons, "wrmsr-tsc-deadline",
                "a deadline exits always; where KVM has a timer of the processor it enters again at once (fastpath)",
                kTscDeadline)};
}

std::vector<CalibrationRow> witness_rows(Reason pause, Reason debug_register) {
  using enum Certainty;
  CalibrationRow mmio{.name = "mmio-write",
                      .why = "the first access finds no mapping, later ones a mapping that says so, or a page fault",
                      .expected = {},
                      .stats = {{"mmio_exits"}}};
  mmio.before.mov(kEdi, kNoMemory);
  mmio.turn.store(kEdi, 0, kEax);

  CalibrationRow fresh{.name = "fresh-pages", .why = "KVM maps neighbours of a page along with it", .expected = {}};
  fresh.fresh_pages = true;
  fresh.turn.store(kEsi, 0, kEax).add_long(kEsi, 4096);

  CalibrationRow debug{.name = "debug-register",
                       .why = "KVM stops intercepting once a guest uses them, and begins again",
                       .expected = {{debug_register, 1, kWitnesses}}};
  debug.before.mov(kEax, 0x400);  // DR7 with nothing enabled
  debug.turn.write_debug(7, kEax);

  CalibrationRow spin{.name = "pause",
                      .why = "the processor counts PAUSEs in a window before it exits",
                      .expected = {{pause, 1, kWitnesses}}};
  spin.turn.pause();
  return {mmio, fresh, debug, spin};
}

CalibrationRow real_mode_row(Reason halt, bool emulated) {
  CalibrationRow row{.name = "hlt-real-mode",
                     .why = emulated ? "KVM emulates real mode: passes of its emulator, no exits"
                                     : "the processor runs real mode: HLT exits as ever",
                     .expected = {{halt, emulated ? 0U : 1U}},
                     .stats = {{"halt_exits"}}};
  row.real_mode = true;
  row.emulated = emulated;
  row.turn.encoded(std::array<std::uint8_t, 3>{0xF4, 0xEB, 0xFD});  // HLT; JMP back to it
  return row;
}

CalibrationRow plain_row(std::string_view name, std::string_view why, const Code& turn, Reason reason,
                         unsigned per_turn) {
  CalibrationRow row{.name = name, .why = why, .expected = {{reason, per_turn}}};
  row.before.mov(kEax, 0x1000);
  row.turn = turn;
  return row;
}

CalibrationRow xsetbv_row(std::string_view why, Reason reason) {
  CalibrationRow row{.name = "xsetbv", .why = why, .expected = {{reason}}};
  row.xsave = true;
  row.before.mov(kEcx, 0).mov(kEax, 1).mov(kEdx, 0);  // XCR0: x87 alone
  row.turn.xsetbv();
  return row;
}

CalibrationRow control_row(std::string_view name, std::string_view why, unsigned number, std::uint32_t start,
                           std::uint32_t flipped, Reason reason) {
  CalibrationRow row{.name = name, .why = why, .expected = {{reason}}};
  row.before.mov(kEax, start);
  row.turn.flip(kEax, flipped).write_control(number, kEax);
  return row;
}

CalibrationRow refused_row(std::string_view name, std::string_view why, std::initializer_list<std::uint8_t> instruction,
                           Reason reason) {
  CalibrationRow row{.name = name, .why = why, .expected = {{reason}}};
  row.skipped_at_fault = static_cast<std::uint8_t>(instruction.size());
  row.before.mov(kEax, 0x1000).mov(kEcx, 0x1000);  // memory operands, and a counter number that is none
  row.turn.encoded({instruction.begin(), instruction.size()});
  return row;
}

}  // namespace exitledger
