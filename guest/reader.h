// SPDX-License-Identifier: MIT
// Reads the leaves of the exitledger ABI (kvm-patch/README.md) from inside a guest.
#pragma once

#include <vector>

#include "cpuid.h"
#include "model/result.h"
#include "report.h"

namespace exitledger::guest {

struct Request {
  leaf::Scope scope = leaf::Scope::kVm;
  std::vector<Reason> reasons;  ///< shown whatever their count; empty: all that the host defines
  bool cycles = false;
  bool zeros = false;  ///< also reasons that have not happened
};

/// Error, with what was found, unless the signature and a known version are there: nothing else shows the patch.
[[nodiscard]] Result<Abi> read_abi(const Cpuid& cpuid);

/// Errors: a scope or reason that the host refuses, cycles that it does not keep. Own exits: one per leaf asked, each
/// in its own answer.
[[nodiscard]] Result<Report> read_counts(const Cpuid& cpuid, const Abi& abi, const Request& request);

}  // namespace exitledger::guest
