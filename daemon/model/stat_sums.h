// SPDX-License-Identifier: MIT
// KVM's own statistics beside what the eBPF book holds of the same vCPUs: what the third witness is judged from.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "exitledger.h"
#include "model/exit_reason.h"
#include "model/paging.h"

namespace exitledger {

/// One statistic, summed over vCPUs since their births (or since the probe first saw them).
struct StatSum {
  std::uint64_t statistic = 0;       ///< KVM's
  std::uint64_t counted_before = 0;  ///< exits in the eBPF book of these vCPUs just before KVM's was read
  std::uint64_t counted = 0;         ///< and just after
};

/// Statistics of KVM's MMU (el_stat from EL_STAT_JUDGED on) of guests, the reader's own left out: of what is counted
/// the sum over VMs living and dead; of levels (from EL_STAT_LEVELS on) that over the living.
using MmuSums = std::array<std::uint64_t, EL_STAT_COUNT - EL_STAT_JUDGED>;

/// All statistics of the vCPUs of one session.
struct StatSums {
  std::array<bool, EL_STAT_COUNT> known{};       ///< false: this kernel's BTF has no place for it
  std::array<StatSum, EL_STAT_JUDGED> living{};  ///< may be in the middle of an exit: counted, and not in KVM's yet
  std::array<StatSum, EL_STAT_JUDGED> dead{};    ///< exit no more: counted_before == counted
  MmuSums mmu{};
  std::uint32_t living_vcpus = 0, dead_vcpus = 0;
  std::uint32_t unread_vcpus = 0;  ///< died or lived without a word of KVM's: in no sum
  std::uint64_t slotless = 0;      ///< KVM's "exits" of vCPUs that died without a slot, since the probe attached
};

/// KVM's name of it: "exits", "pf_fixed", … (arch/x86/kvm/x86.c, kvm_vcpu_stats_desc and kvm_vm_stats_desc).
[[nodiscard]] std::string_view stat_label(el_stat stat);

/// Of those below EL_STAT_JUDGED: the exits that KVM adds one for, each time its handler runs: kReasonAll for "exits",
/// which counts before any handler (handle_io, handle_external_interrupt, handle_interrupt_window, handle_nmi_window,
/// kvm_emulate_hypercall in arch/x86/kvm/vmx/vmx.c and x86.c; io_interception, intr_interception,
/// interrupt_window_interception, iret_interception in svm/svm.c).
[[nodiscard]] Reason stat_reason(Vendor vendor, el_stat stat);

/// Name of a hypercall in include/uapi/linux/kvm_para.h; "" for a number that has none.
[[nodiscard]] std::string_view hypercall_label(unsigned nr);

/// Hypercalls by KVM's tracepoints, host-wide.
struct Hypercalls {
  std::array<std::uint64_t, EL_HYPERCALLS> nr{};  ///< kvm:kvm_hypercall by number; the last is every other
  std::uint64_t hyperv = 0;                       ///< kvm:kvm_hv_hypercall
  std::uint64_t xen = 0;                          ///< kvm:kvm_xen_hypercall
  std::uint64_t reflected = 0;                    ///< exits of L2 guests that L1 got, any reason
  std::uint64_t reflected_hypercall = 0;          ///< those that were hypercalls

  Hypercalls& operator+=(const Hypercalls& other);
  [[nodiscard]] Hypercalls since(const Hypercalls& base) const;
  [[nodiscard]] std::uint64_t kvm() const;  ///< sum over nr
};

}  // namespace exitledger
