// SPDX-License-Identifier: MIT
// A host for tests: both books per CPU, written as the design says, read as a sweep reads them.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "crosscheck/crosscheck.h"

namespace exitledger {

class SimulatedHost {
 public:
  SimulatedHost(std::uint32_t cpus, std::vector<Reason> reasons) : cpus_(cpus), reasons_(std::move(reasons)) {
    reasons_.push_back(kReasonAll);
  }

  /// One exit, in both books, under its reason and under kReasonAll.
  void exit(std::uint32_t cpu, Reason reason, std::uint64_t count = 1) {
    in_ebpf(cpu, reason, count);
    in_leaf(cpu, reason, count);
  }
  void in_ebpf(std::uint32_t cpu, Reason reason, std::uint64_t count = 1) {
    ebpf_[{cpu, reason}] += count;
    ebpf_[{cpu, kReasonAll}] += count;
  }
  void in_leaf(std::uint32_t cpu, Reason reason, std::uint64_t count = 1) {
    leaf_[{cpu, reason}] += count;
    leaf_[{cpu, kReasonAll}] += count;
  }
  /// An exit of the reader's own guest.
  void own_exit(std::uint32_t cpu, Reason reason, std::uint64_t count = 1) {
    exit(cpu, reason, count);
    own_[{cpu, reason}] += count;
    own_[{cpu, kReasonAll}] += count;
  }
  /// Direct access, for faults.
  std::uint64_t& ebpf(std::uint32_t cpu, Reason reason) { return ebpf_[{cpu, reason}]; }
  std::uint64_t& leaf(std::uint32_t cpu, Reason reason) { return leaf_[{cpu, reason}]; }

  /// What the probe held when the vendor module was loaded: call it while the leaf stands at zero.
  std::vector<Base> bases() {
    std::vector<Base> bases;
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      for (const Reason reason : reasons_) bases.push_back({cpu, reason, ebpf_[{cpu, reason}]});
    }
    return bases;
  }
  Round exact_round(std::uint32_t cpu, Reason reason) {
    const std::uint64_t ebpf = ebpf_[{cpu, reason}];
    return {.cpu = cpu,
            .reason = reason,
            .window = 0,
            .ebpf_before = ebpf,
            .leaf = leaf_[{cpu, reason}],
            .ebpf_after = ebpf,
            .own = own_[{cpu, reason}]};
  }
  /// Exact rounds of every CPU and reason at this instant; `between` runs before each CPU's turn.
  template <typename Between>
  Reading sweep(Between between) {
    Reading reading;
    reading.epoch = epoch;
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      between();
      reading.cpus.push_back(cpu);
      for (const Reason reason : reasons_) reading.rounds.push_back(exact_round(cpu, reason));
    }
    return reading;
  }
  Reading sweep() {
    return sweep([] {});
  }

  std::uint64_t epoch = 0xE70C;

 private:
  std::uint32_t cpus_;
  std::vector<Reason> reasons_;
  std::map<Place, std::uint64_t> ebpf_, leaf_, own_;
};

/// What most tests need: two CPUs, three reasons.
inline SimulatedHost two_cpus() { return {2, {vmx::kCpuid, vmx::kHlt, vmx::kCrAccess}}; }

/// The row of one reason; a row of reason 0xFFFF and counts of 0 if there is none.
inline ReasonVerdict row_of(const CrossCheck& check, Reason reason) {
  for (const ReasonVerdict& row : check.reasons()) {
    if (row.reason == reason) return row;
  }
  ReasonVerdict none;
  none.reason = 0xFFFF;
  return none;
}

}  // namespace exitledger
