// SPDX-License-Identifier: MIT
#include "witness/ebpf_slots.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "witness/mapped_array.h"

namespace exitledger {

Counts read_counts(std::span<const __u64, EL_INDEX_COUNT> book) {
  Counts counts;
  std::ranges::transform(book, counts.at.begin(), [](const __u64& counter) { return load_shared(counter); });
  return counts;
}

namespace {

std::uint64_t counted_for(const el_owner& owner, const Counts& counts, unsigned stat) {
  const Vendor vendor = vendor_of(owner.isa);
  return count_of(counts, vendor, stat_reason(vendor, static_cast<el_stat>(stat)));
}

// What KVM counted before the book did. Of a newborn that is passes of its emulator, which are the vCPU's all the same.
std::uint64_t base_of(const el_owner& owner, const el_stats& stats, unsigned stat) {
  return owner.newborn != 0 ? 0 : stats.base[stat];
}

// Those of a VM stand in the slot of its first vCPU.
bool has(const el_owner& owner, unsigned stat) { return stat < EL_STAT_OF_VM || owner.sibling == 0; }

// What KVM's MMU counted until `until`.
void add_counted(MmuSums& to, const el_owner& owner, const el_stats& stats,
                 std::span<const __u64, EL_STAT_COUNT> until) {
  for (unsigned i = EL_STAT_JUDGED; i < EL_STAT_LEVELS; ++i)
    if (has(owner, i)) to.at(i - EL_STAT_JUDGED) += until[i] - base_of(owner, stats, i);
}

void add_levels(MmuSums& to, const el_owner& owner, const el_stats& stats) {
  for (unsigned i = EL_STAT_LEVELS; i < EL_STAT_COUNT; ++i)
    if (has(owner, i)) to.at(i - EL_STAT_JUDGED) += stats.now[i];
}

void add(StatSum& to, const StatSum& more) {
  to.statistic += more.statistic;
  to.counted_before += more.counted_before;
  to.counted += more.counted;
}

}  // namespace

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
  bury(slot, counts);
  slots_[slot] = el_slot{};
  stats_[slot] = el_stats{};
  store_shared(owner.state, std::uint32_t{EL_SLOT_FREE});
  if (!give_back_(slot)) refused_.push_back(slot);
}

void SlotBooks::bury(std::uint32_t slot, const Counts& counts) {
  const el_owner& owner = owners_[slot];
  const el_stats& stats = stats_[slot];
  DeadVcpus& dead = dead_[owner.load];
  if (stats.has_last == 0 || stats.has_base == 0) {
    ++dead.unread;
    return;
  }
  ++dead.read;
  for (unsigned i = 0; i < EL_STAT_JUDGED; ++i) {
    const std::uint64_t counted = counted_for(owner, counts, i);
    add(dead.sums[i], {stats.last[i] - base_of(owner, stats, i), counted, counted});
  }
  if (owner.tgid != own_tgid_) add_counted(dead.mmu, owner, stats, stats.last);
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

std::vector<VmSample> SlotBooks::sample(bool each_vcpu) {
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
    const Counts counts = read_counts(slots_[slot].count);
    sample.counts += counts;
    if (each_vcpu) sample.living.push_back({owners_[slot].vcpu_id, owners_[slot].born_ns, counts});
  }
  forget_all_but(samples);
  std::vector<VmSample> result;
  result.reserve(samples.size());
  for (auto& [id, sample] : samples) {
    std::ranges::sort(sample.living, {}, &VcpuSample::id);
    result.push_back(std::move(sample));
  }
  return result;
}

void SlotBooks::forget_all_but(const std::map<std::uint64_t, VmSample>& living) {
  std::erase_if(vms_, [&](const auto& each) {
    if (living.contains(each.first)) return false;
    died_.push_back(sample_of(each.first, each.second));
    return true;
  });
  while (died_.size() > kDeadKept) died_.pop_front();
}

std::vector<VmSample> SlotBooks::take_dead() {
  const std::deque<VmSample> died = std::exchange(died_, {});
  return {died.begin(), died.end()};
}

std::vector<VmSample> SlotBooks::living() const {
  std::map<std::uint64_t, VmSample> samples;
  for (const el_owner& owner : owners_) {
    if (load_shared(owner.state) != EL_SLOT_LIVE) continue;
    VmSample& sample = samples[owner.vm_id];
    sample.id = owner.vm_id;
    sample.tgid = owner.tgid;
    sample.own = owner.tgid == own_tgid_;
    ++sample.vcpus;
  }
  std::vector<VmSample> result;
  result.reserve(samples.size());
  for (auto& [id, sample] : samples) {
    std::ranges::sort(sample.living, {}, &VcpuSample::id);
    result.push_back(std::move(sample));
  }
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

void SlotBooks::add_living(std::uint32_t slot, const Counts& before, std::uint64_t read_ns, StatSums& sums) {
  const el_owner& owner = owners_[slot];
  const el_stats& stats = stats_[slot];
  const Counts after = read_counts(slots_[slot].count);
  const bool dead = load_shared(owner.state) == EL_SLOT_RETIRED;  // since the fold: nobody else frees a slot
  if (stats.has_base == 0 || (dead ? stats.has_last == 0 : load_shared(stats.now_ns) < read_ns)) {
    ++sums.unread_vcpus;
    return;
  }
  ++(dead ? sums.dead_vcpus : sums.living_vcpus);
  if (owner.tgid != own_tgid_) {
    add_counted(sums.mmu, owner, stats, dead ? stats.last : stats.now);
    if (!dead) add_levels(sums.mmu, owner, stats);
  }
  for (unsigned i = 0; i < EL_STAT_JUDGED; ++i) {
    const std::uint64_t base = base_of(owner, stats, i), counted = counted_for(owner, after, i);
    if (dead) {
      add(sums.dead[i], {stats.last[i] - base, counted, counted});
    } else {
      add(sums.living[i], {stats.now[i] - base, counted_for(owner, before, i), counted});
    }
  }
}

StatSums SlotBooks::kvm_stats(std::uint32_t load, const std::function<std::uint64_t()>& read, std::uint32_t end) {
  fold();
  std::map<std::uint32_t, Counts> before;
  for (std::uint32_t slot = 0; slot < owners_.size(); ++slot)
    if (load_shared(owners_[slot].state) != EL_SLOT_FREE && owners_[slot].load >= load && owners_[slot].load < end)
      before.emplace(slot, read_counts(slots_[slot].count));
  const std::uint64_t read_ns = read();
  StatSums sums;
  for (const auto& [slot, counts] : before) add_living(slot, counts, read_ns, sums);
  dead_.erase(dead_.begin(), dead_.lower_bound(load));
  for (const auto& [number, dead] : dead_) {
    if (number >= end) break;
    sums.dead_vcpus += dead.read;
    sums.unread_vcpus += dead.unread;
    for (unsigned i = 0; i < EL_STAT_JUDGED; ++i) add(sums.dead[i], dead.sums[i]);
    for (unsigned i = 0; i < dead.mmu.size(); ++i) sums.mmu[i] += dead.mmu[i];
  }
  return sums;
}

std::uint32_t SlotBooks::used() const {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(owners_, [](const el_owner& owner) { return load_shared(owner.state) != EL_SLOT_FREE; }));
}

}  // namespace exitledger
