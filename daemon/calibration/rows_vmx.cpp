// SPDX-License-Identifier: MIT
// Intel's rows. Sources: SDM vol. 3, "Instructions That Cause VM Exits"; arch/x86/kvm/vmx/vmx.c.
#include "calibration/rows.h"

namespace exitledger {
namespace {

using enum Register;

constexpr std::string_view kNoNesting = "exits always; a guest that is no hypervisor gets #UD";

// The VMX instructions (SDM vol. 3, chapter "VMX Instruction Reference"); memory operands are [EAX] or [ECX].
std::vector<CalibrationRow> vmx_instructions() {
  return {refused_row("vmclear", kNoNesting, {0x66, 0x0F, 0xC7, 0x30}, 19),
          refused_row("vmlaunch", kNoNesting, {0x0F, 0x01, 0xC2}, 20),
          refused_row("vmptrld", kNoNesting, {0x0F, 0xC7, 0x30}, 21),
          refused_row("vmptrst", kNoNesting, {0x0F, 0xC7, 0x38}, 22),
          refused_row("vmread", kNoNesting, {0x0F, 0x78, 0xC1}, 23),
          refused_row("vmresume", kNoNesting, {0x0F, 0x01, 0xC3}, 24),
          refused_row("vmwrite", kNoNesting, {0x0F, 0x79, 0xC1}, 25),
          refused_row("vmxoff", kNoNesting, {0x0F, 0x01, 0xC4}, 26),
          refused_row("vmxon", kNoNesting, {0xF3, 0x0F, 0xC7, 0x30}, 27),
          refused_row("invept", kNoNesting, {0x66, 0x0F, 0x38, 0x80, 0x01}, 50),
          refused_row("invvpid", kNoNesting, {0x66, 0x0F, 0x38, 0x81, 0x01}, 53)};
}

// ept=0 forces it off.
bool unrestricted(const CalibrationTarget& target) {
  const auto parameter = target.parameters.find("kvm_intel.unrestricted_guest");
  return target.paging == Paging::kEpt && (parameter == target.parameters.end() || parameter->second != "N");
}

// CR3: without unrestricted guest KVM keeps its own as long as the guest has no paging; with it, and under EPT, the
// guest's is the processor's. Shadow paging owns it always.
std::vector<CalibrationRow> ept_or_shadow(const CalibrationTarget& target) {
  const bool shadow = target.paging == Paging::kShadow;
  const bool owned = !unrestricted(target);
  const unsigned cr3 = owned ? 1 : 0;
  return {plain_row("cr3-write",
                    owned ? "KVM has a CR3 of its own while the guest has no paging, or shadow pages"
                          : "under EPT the guest's CR3 is its own",
                    Code{}.write_control(3, kEax), vmx::kCrAccess, cr3),
          plain_row("cr3-read",
                    owned ? "KVM has a CR3 of its own while the guest has no paging, or shadow pages"
                          : "under EPT the guest's CR3 is its own",
                    Code{}.read_control(kEbx, 3), vmx::kCrAccess, cr3),
          plain_row("invlpg",
                    shadow ? "shadow pages must follow what the guest drops" : "under EPT the guest's TLB is its own",
                    Code{}.invlpg(kEax), vmx::kInvlpg, shadow ? 1 : 0)};
}

}  // namespace

std::vector<CalibrationRow> vmx_rows(const CalibrationTarget& target) {
  const CommonReasons reasons{.cpuid = vmx::kCpuid,
                              .hypercall = vmx::kVmcall,
                              .io = vmx::kIo,
                              .msr_read = vmx::kMsrRead,
                              .msr_write = vmx::kMsrWrite,
                              .halt = vmx::kHlt,
                              .call = [] { return Code{}.vmcall(); }};
  std::vector<CalibrationRow> rows = common_fast_rows(reasons);
  const auto add = [&rows](std::vector<CalibrationRow> more) { rows.insert(rows.end(), more.begin(), more.end()); };
  add(common_rows(reasons));
  add({plain_row("invd", "INVD exits always", Code{}.invd(), 13),
       plain_row("wbinvd", "KVM intercepts WBINVD where the processor lets it", Code{}.wbinvd(), 54),
       control_row("cr0-write", "CR0.AM is the host's: changing it exits", 0, 0x31, 1U << 18, vmx::kCrAccess),
       control_row("cr4-write", "CR4.MCE is the host's: changing it exits", 4, 0, 1U << 6, vmx::kCrAccess),
       refused_row("rdpmc", "KVM intercepts RDPMC; a counter that is none raises #GP", {0x0F, 0x33}, 15)});
  if (target.xsave) add({xsetbv_row("XSETBV exits always", 55)});
  if (target.rdrand) add({refused_row("rdrand", "a guest without RDRAND gets #UD from KVM", {0x0F, 0xC7, 0xF0}, 57)});
  add(vmx_instructions());
  add(ept_or_shadow(target));
  add({real_mode_row(vmx::kHlt, !unrestricted(target))});
  // An NMI of the host has this reason, too, and so has every page fault under shadow paging.
  CalibrationRow ud2 = refused_row("ud2", "#UD is in the exception bitmap", {0x0F, 0x0B}, vmx::kException);
  ud2.expected = {{vmx::kException, 1, Certainty::kWitnesses}};
  add({ud2});
  add(witness_rows(40, 29));
  return rows;
}

}  // namespace exitledger
