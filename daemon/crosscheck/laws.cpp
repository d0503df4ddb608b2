// SPDX-License-Identifier: MIT
#include "crosscheck/laws.h"

#include <algorithm>
#include <array>

namespace exitledger {
namespace {

constexpr std::string_view kNeedsEpt = "the processor raises it only while EPT is in use";
constexpr std::string_view kNoIntercept = "KVM intercepts it only to keep shadow page tables (vmx_exec_control())";

constexpr std::string_view kNeedsNpt = "the processor raises it only while nested paging is in use";
constexpr std::string_view kAvicNeedsNpt = "KVM has no AVIC without nested paging (avic_hardware_setup())";
constexpr std::string_view kSevNeedsNpt = "KVM has no encrypted guests without nested paging (sev_hardware_setup())";
constexpr std::string_view kNoSvmIntercept = "KVM intercepts it only to keep shadow page tables (init_vmcb())";

constexpr std::array kLaws = {
    Law{"no-ept-violation-under-shadow", Vendor::kVmx, Paging::kShadow, vmx::kEptViolation, true, kNeedsEpt},
    Law{"no-ept-misconfig-under-shadow", Vendor::kVmx, Paging::kShadow, vmx::kEptMisconfig, true, kNeedsEpt},
    Law{"no-pml-full-under-shadow", Vendor::kVmx, Paging::kShadow, vmx::kPmlFull, true, kNeedsEpt},
    // A guest that shadows pages for guests of its own has INVLPG intercepted on their behalf.
    Law{"no-invlpg-under-ept", Vendor::kVmx, Paging::kEpt, vmx::kInvlpg, false, kNoIntercept},
    Law{"no-invpcid-under-ept", Vendor::kVmx, Paging::kEpt, vmx::kInvpcid, false, kNoIntercept},
    // docs/decisions/0020 has the places in KVM's source, and what is no law.
    Law{"no-npf-under-shadow", Vendor::kSvm, Paging::kShadow, svm::kNpf, true, kNeedsNpt},
    Law{"no-avic-incomplete-ipi-under-shadow", Vendor::kSvm, Paging::kShadow, svm::kAvicIncompleteIpi, true,
        kAvicNeedsNpt},
    Law{"no-avic-unaccelerated-access-under-shadow", Vendor::kSvm, Paging::kShadow, svm::kAvicUnaccelerated, true,
        kAvicNeedsNpt},
    Law{"no-vmgexit-under-shadow", Vendor::kSvm, Paging::kShadow, svm::kVmgexit, true, kSevNeedsNpt},
    // What a guest intercepts for guests of its own, KVM intercepts for it.
    Law{"no-page-fault-under-npt", Vendor::kSvm, Paging::kNpt, svm::kPageFault, false, kNoSvmIntercept},
    Law{"no-cr3-read-under-npt", Vendor::kSvm, Paging::kNpt, svm::kReadCr3, false, kNoSvmIntercept},
    Law{"no-cr3-write-under-npt", Vendor::kSvm, Paging::kNpt, svm::kWriteCr3, false, kNoSvmIntercept},
    Law{"no-invlpg-under-npt", Vendor::kSvm, Paging::kNpt, svm::kInvlpg, false, kNoSvmIntercept},
};

constexpr Reason kVmxVmlaunch = 20, kVmxVmresume = 24;

}  // namespace

std::uint64_t count_in(const NetCounts& counts, Reason reason) {
  const auto found = counts.find(reason);
  return found == counts.end() ? 0 : found->second;
}

std::span<const Law> laws() { return kLaws; }

bool has_laws(Vendor vendor, Paging paging) {
  return std::any_of(kLaws.begin(), kLaws.end(),
                     [&](const Law& law) { return law.vendor == vendor && law.paging == paging; });
}

std::vector<BrokenLaw> broken_laws(const LawInput& input, const NetCounts& counts) {
  std::vector<BrokenLaw> broken;
  for (const Law& law : kLaws) {
    if (law.vendor != input.vendor || law.paging != input.paging || (input.nested && !law.holds_with_nested)) continue;
    if (const std::uint64_t count = count_in(counts, law.reason); count > 0) {
      broken.push_back({std::string(law.name), law.reason, count});
    }
  }
  return broken;
}

std::vector<BrokenLaw> broken_laws(const Session& session) {
  const NetCounts counts = net_counts(session);
  return broken_laws({session.vendor, session.paging, ran_nested(session.vendor, counts)}, counts);
}

NetCounts net_counts(const Session& session) {
  NetCounts counts;
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
    const auto reason = reason_at(session.vendor, index);
    if (reason && session.ebpf.at[index] > 0) counts[*reason] = session.ebpf.at[index];
  }
  for (const ReasonVerdict& row : session.reasons) {
    const std::uint64_t count = std::max({row.ebpf, row.leaf, count_in(counts, row.reason)});
    counts[row.reason] = count - std::min(count, row.own);
  }
  return counts;
}

bool ran_nested(Vendor vendor, const NetCounts& counts) {
  switch (vendor) {
    case Vendor::kVmx: return count_in(counts, kVmxVmlaunch) + count_in(counts, kVmxVmresume) > 0;
    case Vendor::kSvm: return count_in(counts, svm::kVmrun) > 0;
  }
  return false;
}

}  // namespace exitledger
