// SPDX-License-Identifier: MIT
// KVM's MMU statistics of a session, from what the third witness reads.
#pragma once

#include <optional>

#include "model/session_facts.h"
#include "model/stat_sums.h"

namespace exitledger {

class SessionMmu {
 public:
  /// `start`: the sums when the session began; nullopt: not known, so that it never has figures.
  explicit SessionMmu(std::optional<MmuSums> start) : start_(start) {}

  /// Newest sums. `complete`: no vCPU of the host lacks a slot.
  void look(const StatSums& sums, bool complete);

  /// nullopt: not known, or not of all VMs.
  [[nodiscard]] const std::optional<MmuStats>& stats() const { return stats_; }
  /// Where a session begins that goes on where this one ends.
  [[nodiscard]] const std::optional<MmuSums>& newest() const { return newest_; }

 private:
  std::optional<MmuSums> start_, newest_;
  std::optional<MmuStats> stats_;
};

}  // namespace exitledger
