// SPDX-License-Identifier: MIT
#include "simulated_vms.h"

#include <fmt/format.h>

#include "export/vm_list.h"
#include "model/exit_reason.h"

namespace exitledger::bench {
namespace {

constexpr std::uint32_t kNotOurs = 0;

void fill(el_slot& slot, std::size_t reasons, std::uint64_t seed) {
  std::size_t filled = 0;
  for (const ReasonInfo& reason : defined_reasons(Vendor::kVmx)) {
    if (filled++ == reasons) return;
    // Numbers of as many digits as a VM of some days has.
    slot.count[index_of(Vendor::kVmx, reason.number)] = 1'000'000'007ULL * (seed % 97 + filled);
    slot.count[EL_INDEX_ALL] += 1'000'000'007ULL * (seed % 97 + filled);
  }
}

}  // namespace

SimulatedVms::SimulatedVms(const Load& load)
    : owners_(load.vms * load.vcpus),
      slots_(load.vms * load.vcpus),
      stats_(load.vms * load.vcpus),
      books_({owners_, slots_, stats_}, kNotOurs, [](std::uint32_t) { return true; }) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const std::size_t vm = i / load.vcpus;
    owners_[i].vm_id = vm + 1;
    owners_[i].born_ns = vm + 1;
    owners_[i].tgid = static_cast<std::uint32_t>(vm + 1000);
    owners_[i].state = EL_SLOT_LIVE;
    owners_[i].isa = EL_ISA_VMX;
    fill(slots_[i], load.reasons, i);
  }
}

ExportSnapshot SimulatedVms::snapshot(std::size_t vm_limit) {
  ExportSnapshot snapshot;
  snapshot.version = "bench";
  const std::vector<VmSample> living = books_.sample();
  Counts& host = snapshot.books[Paging::kEpt].ebpf;
  for (const VmSample& vm : living) host += vm.counts;
  const auto names = [](std::uint64_t id) {
    return VmNames{fmt::format("instance-{:08x}", id), fmt::format("0d4e6f5a-7b1c-4c56-9a51-{:012x}", id)};
  };
  VmList listed = list_vms(living, Vendor::kVmx, Paging::kEpt, names, vm_limit);
  snapshot.vms = std::move(listed.vms);
  snapshot.vms_left_out = listed.left_out;
  return snapshot;
}

}  // namespace exitledger::bench
