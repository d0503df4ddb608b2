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

constexpr std::array<Reason, EL_STAT_JUDGED> kVmxReasons{
    kReasonAll, vmx::kVmcall, vmx::kIo, vmx::kExternalInterrupt, vmx::kInterruptWindow, vmx::kNmiWindow};
constexpr std::array<Reason, EL_STAT_JUDGED> kSvmReasons{kReasonAll,      svm::kVmmcall, svm::kIo,
                                                         svm::kInterrupt, svm::kVintr,   svm::kIret};

constexpr std::array<std::string_view, EL_STAT_COUNT> kStatNames{
    "exits",       "hypercalls",     "io_exits",       "irq_exits",         "irq_window_exits", "nmi_window_exits",
    "pf_taken",    "pf_fixed",       "pf_emulate",     "pf_spurious",       "pf_fast",          "pf_mmio_spte_created",
    "pf_guest",    "tlb_flush",      "invlpg",         "mmu_shadow_zapped", "mmu_pte_write",    "mmu_pde_zapped",
    "mmu_flooded", "mmu_recycled",   "mmu_cache_miss", "mmu_unsync",        "pages_4k",         "pages_2m",
    "pages_1g",    "nx_lpage_splits"};

}  // namespace

std::string_view hypercall_label(unsigned nr) {
  return nr < kHypercallNames.size() ? kHypercallNames[nr] : std::string_view{};
}

std::string_view stat_label(el_stat stat) { return kStatNames.at(stat); }

Reason stat_reason(Vendor vendor, el_stat stat) {
  const auto& reasons = vendor == Vendor::kVmx ? kVmxReasons : kSvmReasons;
  return reasons.at(stat);
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
