// SPDX-License-Identifier: MIT
// One exact reading of both books: the leaf of every CPU, each with the eBPF book of the same instant.
#pragma once

#include <cstdint>
#include <map>
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

 private:
  std::map<std::uint32_t, Counts> by_cpu_;
};

/// Asks the leaf on one CPU and books what that cost in `own`. Every answer that the guest stored must be the one that
/// the kvm:kvm_cpuid tracepoint carried; anything else is an Error, never a count.
struct PairedAnswer {
  LeafAnswer leaf;
  el_answer traced;       ///< with both books' counts of that instant
  std::uint64_t own = 0;  ///< own exits of the reason asked, on that CPU, up to that instant
};
[[nodiscard]] Result<std::vector<PairedAnswer>> ask_paired(const LeafOptions& options, EbpfWitness& ebpf, OwnExits& own,
                                                           std::span<const LeafQuery> queries, std::uint32_t cpu);

/// Reads every reason of `host` on every CPU that this process may run on. Needs scope 4 (CAP_PERFMON).
[[nodiscard]] Result<Reading> sweep(const LeafOptions& options, const LeafHost& host, EbpfWitness& ebpf, OwnExits& own);

/// CPUs that the calling thread may be pinned to, ascending.
[[nodiscard]] std::vector<std::uint32_t> usable_cpus();

}  // namespace exitledger
