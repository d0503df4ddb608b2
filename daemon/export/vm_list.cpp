// SPDX-License-Identifier: MIT
#include "export/vm_list.h"

#include <algorithm>

namespace exitledger {

VmList list_vms(std::span<const VmSample> living, Vendor vendor, Paging paging,
                const std::function<VmNames(std::uint64_t id)>& names, std::size_t limit) {
  std::vector<const VmSample*> by_age;
  for (const VmSample& vm : living)
    if (!vm.own) by_age.push_back(&vm);
  // Numbers are given in the order of the first exit.
  std::sort(by_age.begin(), by_age.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  VmList list;
  if (by_age.size() > limit) {
    list.left_out = by_age.size() - limit;
    by_age.resize(limit);
  }
  list.vms.reserve(by_age.size());
  for (const VmSample* vm : by_age) {
    VmNames known = names(vm->id);
    list.vms.push_back({*vm, vendor, paging, std::move(known.name), std::move(known.uuid)});
  }
  return list;
}

}  // namespace exitledger
