// SPDX-License-Identifier: MIT
// The VMs' books: folds the slots of dead vCPUs into their VMs, and sums a VM over its vCPUs. Knows no BPF.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "exitledger.h"
#include "model/sample.h"

namespace exitledger {

/// Reads slots that the probe writes at the same time; the only writer of a slot once its owner says RETIRED.
class SlotBooks {
 public:
  /// Hands a zeroed slot back to the probe; false if it could not be: it is offered again at the next fold.
  using GiveBack = std::function<bool(std::uint32_t slot)>;

  /// The probe's arrays, one element per slot.
  struct Arrays {
    std::span<el_owner> owners;
    std::span<el_slot> slots;
    std::span<el_stats> stats;
  };

  SlotBooks(Arrays arrays, std::uint32_t own_tgid, GiveBack give_back)
      : owners_(arrays.owners),
        slots_(arrays.slots),
        stats_(arrays.stats),
        own_tgid_(own_tgid),
        give_back_(std::move(give_back)) {}

  /// Adds every retired slot's counts to its VM, zeroes the slot and gives it back. In this order, so that the probe
  /// can not count into what has not been folded.
  void fold();

  /// fold(), then the VMs that live, ascending. One whose every vCPU died is left to take_dead(). `each_vcpu`: with
  /// their living vCPUs, whose counts are those that went into the VM's.
  [[nodiscard]] std::vector<VmSample> sample(bool each_vcpu = false);

  /// VMs whose every vCPU died since the last call, with all that they ever counted: the last kDeadKept of them.
  [[nodiscard]] std::vector<VmSample> take_dead();
  static constexpr std::size_t kDeadKept = 4096;

  /// VMs that live, ascending, without their counts: cheap.
  [[nodiscard]] std::vector<VmSample> living() const;

  /// fold(), then what own VMs counted since the last call. Own: run by the process `own_tgid`.
  [[nodiscard]] Counts take_own();

  /// fold(), then KVM's statistics of the vCPUs that were born at load `load` of a vendor module or later (0: of all):
  /// from birth, or, of one that was no newborn at its first exit seen, from then on. `read` has the probe read those
  /// of the living, and returns the CLOCK_MONOTONIC time before that. `end`: and before that load.
  [[nodiscard]] StatSums kvm_stats(std::uint32_t load, const std::function<std::uint64_t()>& read,
                                   std::uint32_t end = UINT32_MAX);

  /// Slots that belong to living vCPUs, or to dead ones not yet folded.
  [[nodiscard]] std::uint32_t used() const;

 private:
  struct Vm {
    std::uint32_t tgid = 0;
    std::uint64_t born_ns = 0;
    std::uint32_t folded_vcpus = 0;
    Counts folded;
  };
  struct DeadVcpus {
    std::array<StatSum, EL_STAT_JUDGED> sums{};
    MmuSums mmu{};
    std::uint32_t read = 0, unread = 0;
  };
  void meet(const el_owner& owner);
  void bury(std::uint32_t slot, const Counts& counts);
  void add_living(std::uint32_t slot, const Counts& before, std::uint64_t read_ns, StatSums& sums);
  void fold_one(std::uint32_t slot);
  void forget_all_but(const std::map<std::uint64_t, VmSample>& living);
  [[nodiscard]] VmSample sample_of(std::uint64_t id, const Vm& vm) const;

  std::span<el_owner> owners_;
  std::span<el_slot> slots_;
  std::span<el_stats> stats_;
  std::uint32_t own_tgid_;
  GiveBack give_back_;
  std::map<std::uint64_t, Vm> vms_;
  std::deque<VmSample> died_;
  std::map<std::uint32_t, DeadVcpus> dead_;  ///< by load of the vendor module
  std::vector<std::uint32_t> refused_;       ///< zeroed, but give_back() failed
  Counts own_folded_;                        ///< of own vCPUs that died, ever
  Counts own_taken_;                         ///< handed out by take_own(), ever
};

/// A book's counters, each read once.
[[nodiscard]] Counts read_counts(std::span<const __u64, EL_INDEX_COUNT> book);

}  // namespace exitledger
