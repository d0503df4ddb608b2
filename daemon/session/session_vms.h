// SPDX-License-Identifier: MIT
// The VMs that a session saw, with their names and what they counted within it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "model/sample.h"
#include "model/session.h"
#include "witness/process.h"

namespace exitledger {

/// The reader's own micro guests are left out.
class SessionVms {
 public:
  /// `at_start`: the VMs that are older than the session. What they had counted is not its own.
  explicit SessionVms(std::span<const VmSample> at_start);

  /// A VM that lives, with its names; the first that say something count.
  void meet(std::uint64_t id, const VmNames& names);
  /// VMs that live, or lived until now: their counts only grow.
  void look(std::span<const VmSample> vms);

  /// Those that exited within the session, oldest first, at most Session::kVmsKept.
  [[nodiscard]] std::vector<SessionVm> list() const;
  [[nodiscard]] std::uint64_t left_out() const;

 private:
  struct Followed {
    SessionVm vm;
    std::uint64_t before = 0;  ///< exits before the session
  };
  std::map<std::uint64_t, Followed> vms_;  ///< by the probe's number: in order of birth
};

}  // namespace exitledger
