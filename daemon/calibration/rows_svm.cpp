// SPDX-License-Identifier: MIT
// AMD's rows. Sources: APM vol. 2, chapter "Secure Virtual Machine"; arch/x86/kvm/svm/svm.c.
#include "calibration/rows.h"

namespace exitledger {
namespace {

using enum Register;

constexpr Reason kCr0Write = 0x10, kCr0SelectiveWrite = 0x65, kCr4Write = 0x14, kUd = 0x46, kRdpmc = 0x6F, kInvd = 0x76,
                 kPause = 0x77, kInvlpga = 0x7A, kMsr = 0x7C, kWbinvd = 0x89, kXsetbv = 0x8D, kDr7Write = 0x37;

bool is_on(const CalibrationTarget& target, const std::string& parameter) {
  const auto found = target.parameters.find(parameter);
  return found != target.parameters.end() && (found->second == "Y" || found->second == "1");
}

// `native`: a processor that does it without the host, if KVM lets it, makes no exit of it.
CalibrationRow svm_instruction(std::string_view name, std::uint8_t last_byte, Reason reason, bool native = false) {
  CalibrationRow row =
      refused_row(name, "exits always; a guest that is no hypervisor gets #UD", {0x0F, 0x01, last_byte}, reason);
  if (native) row.expected.front().certainty = Certainty::kWitnesses;
  return row;
}

std::vector<CalibrationRow> svm_instructions(const CalibrationTarget& target) {
  const bool vls = is_on(target, "kvm_amd.vls");
  const bool vgif = is_on(target, "kvm_amd.vgif");
  return {svm_instruction("vmrun", 0xD8, svm::kVmrun), svm_instruction("vmload", 0xDA, 0x82, vls),
          svm_instruction("vmsave", 0xDB, 0x83, vls),  svm_instruction("stgi", 0xDC, 0x84, vgif),
          svm_instruction("clgi", 0xDD, 0x85, vgif),   svm_instruction("invlpga", 0xDF, kInvlpga)};
}

std::vector<CalibrationRow> nested_or_shadow(const CalibrationTarget& target) {
  const bool shadow = target.paging == Paging::kShadow;
  constexpr std::string_view kOwn = "under NPT it is the guest's own", kKept = "shadow pages must follow";
  const std::string_view why = shadow ? kKept : kOwn;
  const unsigned times = shadow ? 1 : 0;
  return {control_row("cr0-write",
                      shadow ? "shadow paging owns CR0" : "changing more of CR0 than TS and MP exits (selective write)",
                      0, 0x31, 1U << 18, shadow ? kCr0Write : kCr0SelectiveWrite),
          plain_row("cr3-write", why, Code{}.write_control(3, kEax), svm::kWriteCr3, times),
          plain_row("cr3-read", why, Code{}.read_control(kEbx, 3), svm::kReadCr3, times),
          plain_row("invlpg", why, Code{}.invlpg(kEax), svm::kInvlpg, times)};
}

}  // namespace

std::vector<CalibrationRow> svm_rows(const CalibrationTarget& target) {
  const CommonReasons reasons{.cpuid = svm::kCpuid,
                              .hypercall = svm::kVmmcall,
                              .io = svm::kIo,
                              .msr_read = kMsr,
                              .msr_write = kMsr,
                              .halt = svm::kHlt,
                              .call = [] { return Code{}.vmmcall(); }};
  std::vector<CalibrationRow> rows = common_fast_rows(reasons);
  const auto add = [&rows](std::vector<CalibrationRow> more) { rows.insert(rows.end(), more.begin(), more.end()); };
  add(common_rows(reasons));
  add({plain_row("invd", "KVM intercepts INVD", Code{}.invd(), kInvd),
       plain_row("wbinvd", "KVM intercepts WBINVD", Code{}.wbinvd(), kWbinvd),
       control_row("cr4-write", "KVM intercepts every write of CR4", 4, 0, 1U << 6, kCr4Write),
       refused_row("rdpmc", "KVM intercepts RDPMC; a counter that is none raises #GP", {0x0F, 0x33}, kRdpmc),
       refused_row("ud2", "KVM intercepts #UD", {0x0F, 0x0B}, kUd)});
  if (target.xsave) add({xsetbv_row("KVM intercepts XSETBV", kXsetbv)});
  add(svm_instructions(target));
  add(nested_or_shadow(target));
  add({real_mode_row(svm::kHlt, false)});
  add(witness_rows(kPause, kDr7Write));
  return rows;
}

}  // namespace exitledger
