// SPDX-License-Identifier: MIT
// One exact reading of both books: the leaf of every CPU, each with the eBPF book of the same instant.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/reading.h"
#include "model/result.h"
#include "witness/ebpf.h"
#include "witness/leaf.h"

namespace exitledger {

/// Exits that this process's own micro guests caused, per CPU, since the last reset(). They are in both books.
class OwnExits {
 public:
  void reset() { by_cpu_.clear(); }
  void add(std::uint32_t cpu, const Counts& counts) { by_cpu_[cpu] += counts; }
  [[nodiscard]] std::uint64_t on(std::uint32_t cpu, unsigned index) const;
  [[nodiscard]] Counts sum() const;
  /// A reading's own exits could not be told from guests': what is booked is too little from here on.
  void lose() { lost_ = true; }
  [[nodiscard]] bool lost() const { return lost_; }

 private:
  std::map<std::uint32_t, Counts> by_cpu_;
  bool lost_ = false;
};

/// Asks the leaf on one CPU and books what that cost in `own`. Every answer that the guest stored must be the one that
/// the kvm:kvm_cpuid tracepoint carried, for a vCPU that has a slot, and the CPUID exits of that slot must be one per
/// query; anything else is an Error, never a count (docs/decisions/0004).
struct PairedAnswer {
  LeafAnswer leaf;
  el_answer traced;       ///< with both books' counts of that instant
  std::uint64_t own = 0;  ///< own exits of the reason asked, on that CPU, up to that instant
};
[[nodiscard]] Result<std::vector<PairedAnswer>> ask_paired(const LeafOptions& options, EbpfWitness& ebpf, OwnExits& own,
                                                           std::span<const LeafQuery> queries, std::uint32_t cpu);

/// Reads every reason of `host` on every CPU that this process may run on, and the cycles of each unless `no_time`
/// says why they cannot be compared. Needs scope 4 (CAP_PERFMON).
[[nodiscard]] Result<Reading> sweep(const LeafOptions& options, const LeafHost& host, EbpfWitness& ebpf, OwnExits& own,
                                    const std::string& no_time);

}  // namespace exitledger
