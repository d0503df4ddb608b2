// SPDX-License-Identifier: MIT
#include <string>

#include "export/family_groups.h"

namespace exitledger {

void append_vms(const ExportSnapshot& snapshot, Families& out) {
  FamilyBuilder<family::kVmExits> exits;
  FamilyBuilder<family::kVmInfo> info;
  for (const ExportVm& vm : snapshot.vms) {
    if (vm.sample.own) continue;  // one is born per reading; its exits are in exitledger_own_exits_total
    const std::string id = std::to_string(vm.sample.id);
    info.add(1, id, vm.name, vm.uuid, std::to_string(vm.sample.tgid));
    for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
      const std::uint64_t count = vm.sample.counts.at[index];
      if (count == 0) continue;
      const auto reason = reason_at(vm.vendor, index);
      if (!reason || !is_summand(*reason)) continue;
      exits.add(count, id, to_string(vm.paging), reason_label(vm.vendor, *reason));
    }
  }
  std::move(exits).append_to(out);
  std::move(info).append_to(out);
  if (!snapshot.vms_left_out) return;
  FamilyBuilder<family::kVmsLeftOut> left_out;
  left_out.add(*snapshot.vms_left_out);
  std::move(left_out).append_to(out);
}

}  // namespace exitledger
