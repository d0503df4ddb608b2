// SPDX-License-Identifier: MIT
#include "model/stat_sums.h"

#include <numeric>

namespace exitledger {

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
