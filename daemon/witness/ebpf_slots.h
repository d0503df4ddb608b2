// SPDX-License-Identifier: MIT
// The VMs' books: folds the slots of dead vCPUs into their VMs, and sums a VM over its vCPUs. Knows no BPF.
#pragma once

#include <cstdint>
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

  SlotBooks(std::span<el_owner> owners, std::span<el_slot> slots, std::uint32_t own_tgid, GiveBack give_back)
      : owners_(owners), slots_(slots), own_tgid_(own_tgid), give_back_(std::move(give_back)) {}

  /// Adds every retired slot's counts to its VM, zeroes the slot and gives it back. In this order, so that the probe
  /// can not count into what has not been folded.
  void fold();

  /// fold(), then the VMs that live, ascending. One whose every vCPU died is forgotten.
  [[nodiscard]] std::vector<VmSample> sample();

  /// fold(), then what own VMs counted since the last call. Own: run by the process `own_tgid`.
  [[nodiscard]] Counts take_own();

  /// Slots that belong to living vCPUs, or to dead ones not yet folded.
  [[nodiscard]] std::uint32_t used() const;

 private:
  struct Vm {
    std::uint32_t tgid = 0;
    std::uint64_t born_ns = 0;
    std::uint32_t folded_vcpus = 0;
    Counts folded;
  };
  void meet(const el_owner& owner);
  void fold_one(std::uint32_t slot);
  [[nodiscard]] VmSample sample_of(std::uint64_t id, const Vm& vm) const;

  std::span<el_owner> owners_;
  std::span<el_slot> slots_;
  std::uint32_t own_tgid_;
  GiveBack give_back_;
  std::map<std::uint64_t, Vm> vms_;
  std::vector<std::uint32_t> refused_;  ///< zeroed, but give_back() failed
  Counts own_folded_;                   ///< of own vCPUs that died, ever
  Counts own_taken_;                    ///< handed out by take_own(), ever
};

/// A book's counters, each read once.
[[nodiscard]] Counts read_counts(std::span<const __u64, EL_INDEX_COUNT> book);

}  // namespace exitledger
