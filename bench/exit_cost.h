// SPDX-License-Identifier: MIT
// What one exit costs: TSC ticks of a micro guest in a tight loop of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "model/leaf_abi.h"
#include "model/result.h"

namespace exitledger::bench {

/// A kind of exit that a loop makes; see calibration_rows() for how.
struct ExitKind {
  std::string_view name;             ///< "cpuid", "io", "msr", "page"
  std::string_view row;              ///< of the calibration's table
  std::uint32_t most;                ///< turns at once: fresh pages are finite
  std::uint32_t turns_per_exit = 1;  ///< about: KVM maps the neighbours of a page with it
  /// A CPUID that reads the count of one reason in this scope; `row` is then unused.
  std::optional<leaf::Scope> reads = std::nullopt;
};
[[nodiscard]] std::span<const ExitKind> exit_kinds();
/// Reads of the leaf, one for each scope: for patched modules.
[[nodiscard]] std::span<const ExitKind> leaf_reads();

struct ExitCost {
  double ticks;         ///< per exit
  bool alike;           ///< else no two runs of twenty took as long: they were disturbed, or this TSC is time
  std::uint64_t exits;  ///< of all runs: whoever counts beside them must have these
};

/// From KVM_RUN to the end of the loop, in two lengths: (ticks of 2N turns - ticks of N) / (exits of 2N - exits of N),
/// so that what happens once is in neither. Each is the shortest of some runs: of four at least, and until it was seen
/// twice, but of no more than twenty. Exits by KVM's own statistics. In a host whose TSC counts instructions, as the
/// lab's Intel host does, that is instructions per exit, the guest's own in the loop included. `turns`: N, of an exit
/// each, lowered to half of the kind's `most`. The guest is run by a process of its own, as guests are: to the probe
/// the micro guests of its own process are another matter. The calling thread should be pinned. Errors: those of KVM.
[[nodiscard]] Result<ExitCost> ticks_per_exit(const ExitKind& kind, std::uint32_t turns);

}  // namespace exitledger::bench
