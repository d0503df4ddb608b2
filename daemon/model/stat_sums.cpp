// SPDX-License-Identifier: MIT
#include "model/stat_sums.h"

#include <linux/kvm_para.h>

#include <numeric>

namespace exitledger {
namespace {

constexpr auto kHypercallNames = [] {
  std::array<std::string_view, 16> names{};
  names[KVM_HC_VAPIC_POLL_IRQ] = "KVM_HC_VAPIC_POLL_IRQ";
  names[KVM_HC_MMU_OP] = "KVM_HC_MMU_OP";
  names[KVM_HC_FEATURES] = "KVM_HC_FEATURES";
  names[KVM_HC_PPC_MAP_MAGIC_PAGE] = "KVM_HC_PPC_MAP_MAGIC_PAGE";
  names[KVM_HC_KICK_CPU] = "KVM_HC_KICK_CPU";
  names[KVM_HC_MIPS_GET_CLOCK_FREQ] = "KVM_HC_MIPS_GET_CLOCK_FREQ";
  names[KVM_HC_MIPS_EXIT_VM] = "KVM_HC_MIPS_EXIT_VM";
  names[KVM_HC_MIPS_CONSOLE_OUTPUT] = "KVM_HC_MIPS_CONSOLE_OUTPUT";
  names[KVM_HC_CLOCK_PAIRING] = "KVM_HC_CLOCK_PAIRING";
  names[KVM_HC_SEND_IPI] = "KVM_HC_SEND_IPI";
  names[KVM_HC_SCHED_YIELD] = "KVM_HC_SCHED_YIELD";
  names[KVM_HC_MAP_GPA_RANGE] = "KVM_HC_MAP_GPA_RANGE";
  return names;
}();

}  // namespace

std::string_view hypercall_label(unsigned nr) {
  return nr < kHypercallNames.size() ? kHypercallNames[nr] : std::string_view{};
}

std::string_view stat_label(el_stat stat) {
  switch (stat) {
    case EL_STAT_EXITS: return "exits";
    case EL_STAT_HYPERCALLS: return "hypercalls";
    case EL_STAT_IO_EXITS: return "io_exits";
    case EL_STAT_IRQ_EXITS: return "irq_exits";
    case EL_STAT_IRQ_WINDOW_EXITS: return "irq_window_exits";
    case EL_STAT_NMI_WINDOW_EXITS: return "nmi_window_exits";
    case EL_STAT_COUNT: break;
  }
  return "invalid";
}

Reason stat_reason(Vendor vendor, el_stat stat) {
  const bool vmx = vendor == Vendor::kVmx;
  switch (stat) {
    case EL_STAT_HYPERCALLS: return vmx ? vmx::kVmcall : svm::kVmmcall;
    case EL_STAT_IO_EXITS: return vmx ? vmx::kIo : svm::kIo;
    case EL_STAT_IRQ_EXITS: return vmx ? vmx::kExternalInterrupt : svm::kInterrupt;
    case EL_STAT_IRQ_WINDOW_EXITS: return vmx ? vmx::kInterruptWindow : svm::kVintr;
    case EL_STAT_NMI_WINDOW_EXITS: return vmx ? vmx::kNmiWindow : svm::kIret;
    case EL_STAT_EXITS:
    case EL_STAT_COUNT: break;
  }
  return kReasonAll;
}

Hypercalls& Hypercalls::operator+=(const Hypercalls& other) {
  for (std::size_t i = 0; i < nr.size(); ++i) nr[i] += other.nr[i];
  hyperv += other.hyperv;
  xen += other.xen;
  reflected += other.reflected;
  reflected_hypercall += other.reflected_hypercall;
  return *this;
}

Hypercalls Hypercalls::since(const Hypercalls& base) const {
  Hypercalls delta = *this;
  for (std::size_t i = 0; i < nr.size(); ++i) delta.nr[i] -= base.nr[i];
  delta.hyperv -= base.hyperv;
  delta.xen -= base.xen;
  delta.reflected -= base.reflected;
  delta.reflected_hypercall -= base.reflected_hypercall;
  return delta;
}

std::uint64_t Hypercalls::kvm() const { return std::accumulate(nr.begin(), nr.end(), std::uint64_t{0}); }

}  // namespace exitledger
