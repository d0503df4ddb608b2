// SPDX-License-Identifier: MIT
#include "witness/ebpf_slots.h"

#include <algorithm>
#include <cstring>

#include "witness/mapped_array.h"

namespace exitledger {

Counts read_counts(std::span<const __u64, EL_INDEX_COUNT> book) {
  Counts counts;
  std::ranges::transform(book, counts.at.begin(), [](const __u64& counter) { return load_shared(counter); });
  return counts;
}

void SlotBooks::meet(const el_owner& owner) {
  Vm& vm = vms_[owner.vm_id];
  vm.tgid = owner.tgid;
  vm.born_ns = vm.born_ns == 0 ? owner.born_ns : std::min(vm.born_ns, std::uint64_t{owner.born_ns});
}

void SlotBooks::fold_one(std::uint32_t slot) {
  el_owner& owner = owners_[slot];
  meet(owner);
  const Counts counts = read_counts(slots_[slot].count);
  Vm& vm = vms_[owner.vm_id];
  vm.folded += counts;
  ++vm.folded_vcpus;
  if (owner.tgid == own_tgid_) own_folded_ += counts;
  slots_[slot] = el_slot{};
  store_shared(owner.state, std::uint32_t{EL_SLOT_FREE});
  if (!give_back_(slot)) refused_.push_back(slot);
}

void SlotBooks::fold() {
  std::erase_if(refused_, [this](std::uint32_t slot) { return give_back_(slot); });
  for (std::uint32_t slot = 0; slot < owners_.size(); ++slot)
    if (load_shared(owners_[slot].state) == EL_SLOT_RETIRED) fold_one(slot);
}

VmSample SlotBooks::sample_of(std::uint64_t id, const Vm& vm) const {
  VmSample sample;
  sample.id = id;
  sample.tgid = vm.tgid;
  sample.born_ns = vm.born_ns;
  sample.vcpus = vm.folded_vcpus;
  sample.own = vm.tgid == own_tgid_;
  sample.counts = vm.folded;
  return sample;
}

std::vector<VmSample> SlotBooks::sample() {
  fold();
  // One look at each state, so that a vCPU is either in `living` or was folded above. One that died in between is still
  // unfolded and counts as living once more.
  std::vector<std::uint32_t> living;
  for (std::uint32_t slot = 0; slot < owners_.size(); ++slot) {
    if (load_shared(owners_[slot].state) == EL_SLOT_FREE) continue;
    living.push_back(slot);
    meet(owners_[slot]);
  }
  std::map<std::uint64_t, VmSample> samples;
  for (const std::uint32_t slot : living) {
    const std::uint64_t id = owners_[slot].vm_id;
    VmSample& sample = samples.try_emplace(id, sample_of(id, vms_[id])).first->second;
    ++sample.vcpus;
    sample.counts += read_counts(slots_[slot].count);
  }
  std::erase_if(vms_, [&samples](const auto& vm) { return !samples.contains(vm.first); });
  std::vector<VmSample> result;
  result.reserve(samples.size());
  for (const auto& [id, sample] : samples) result.push_back(sample);
  return result;
}

Counts SlotBooks::take_own() {
  fold();
  Counts total = own_folded_;
  // Living ones too: without a death hook none is ever folded.
  for (std::uint32_t slot = 0; slot < owners_.size(); ++slot) {
    if (load_shared(owners_[slot].state) != EL_SLOT_FREE && owners_[slot].tgid == own_tgid_)
      total += read_counts(slots_[slot].count);
  }
  const Counts news = total.since(own_taken_);
  own_taken_ = total;
  return news;
}

std::uint32_t SlotBooks::used() const {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(owners_, [](const el_owner& owner) { return load_shared(owner.state) != EL_SLOT_FREE; }));
}

}  // namespace exitledger
