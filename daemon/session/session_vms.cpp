// SPDX-License-Identifier: MIT
#include "session/session_vms.h"

#include <algorithm>

#include "base/utf8.h"

namespace exitledger {

SessionVms::SessionVms(std::span<const VmSample> at_start) {
  for (const VmSample& vm : at_start)
    if (!vm.own) vms_[vm.id].before = vm.counts.all();
  look(at_start);
}

void SessionVms::meet(std::uint64_t id, const VmNames& names) {
  SessionVm& vm = vms_[id].vm;
  if (vm.name.empty()) vm.name = valid_utf8(names.name);
  if (vm.uuid.empty()) vm.uuid = valid_utf8(names.uuid);
}

void SessionVms::look(std::span<const VmSample> vms) {
  for (const VmSample& sample : vms) {
    if (sample.own) continue;
    Followed& followed = vms_[sample.id];
    followed.vm.pid = sample.tgid;
    followed.vm.vcpus = std::max(followed.vm.vcpus, sample.vcpus);
    followed.vm.exits = sample.counts.all() - followed.before;
  }
}

std::vector<SessionVm> SessionVms::list() const {
  std::vector<SessionVm> list;
  for (const auto& [id, followed] : vms_)
    if (followed.vm.exits > 0 && list.size() < Session::kVmsKept) list.push_back(followed.vm);
  return list;
}

std::uint64_t SessionVms::left_out() const {
  const auto seen = static_cast<std::uint64_t>(
      std::ranges::count_if(vms_, [](const auto& each) { return each.second.vm.exits > 0; }));
  return seen - std::min<std::uint64_t>(seen, Session::kVmsKept);
}

}  // namespace exitledger
