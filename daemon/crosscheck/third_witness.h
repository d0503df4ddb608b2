// SPDX-License-Identifier: MIT
// The third witness: KVM's own statistics against the eBPF book, and the equation of the hypercalls. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "model/stat_sums.h"
#include "model/third_witness.h"

namespace exitledger {

/// What one look at the third witness yields. Everything is since the session's start.
struct StatsEvidence {
  Vendor vendor = Vendor::kVmx;
  StatSums before;  ///< taken before `passes` was read
  StatSums after;   ///< and after it
  /// The leaf's 0xFE05 and 0xFE06 of the host: passes of KVM's emulator and refused VM entries, which are no exits.
  /// nullopt: no leaf.
  std::optional<std::uint64_t> passes;
  bool passes_from_start = true;  ///< false: the leaf's passes are older than the vCPUs' first exits seen
  bool all_in_slots = true;       ///< false: exits of vCPUs without a slot were lost, so the sums are not the host's
  Hypercalls hypercalls_before, hypercalls_after;
  std::uint64_t hypercall_exits_before = 0, hypercall_exits_after = 0;  ///< VMCALL or VMMCALL in the host's book
  bool began_at_load = true;  ///< false: a hypercall may have been on its way when the probe attached
};

/// The rules. KVM adds to a statistic after the tracepoint of the exit, so at any instant a living vCPU is at most one
/// exit behind, and a dead one is not:
///  * dead vCPUs: equal, or the witnesses disagree;
///  * living ones: equal is agreement; a residual of at most one per vCPU, plus what was counted while KVM's was read,
///  is
///    within bracket; anything else is a disagreement;
///  * "exits" has the passes as a second term, which the leaf alone knows, for the whole host: judged in total. A
///  surplus
///    of passes can be a living vCPU that has had no exit yet, and no slot: "cannot tell" until it has;
///  * nested guests: an exit that L1 gets has no handler in L0, so all but "exits" cannot be told;
///  * hypercalls are handled after the exit: at most one per living vCPU is on its way. Hyper-V's #UD has no witness:
///  with
///    Hyper-V hypercalls a residual cannot be told.
[[nodiscard]] ThirdWitness judge_third_witness(const StatsEvidence& evidence);

}  // namespace exitledger
