// SPDX-License-Identifier: MIT
// For whoever makes a micro guest that asks the leaves. Private to the witnesses and the calibration.
#pragma once

#include "microvm/machine.h"
#include "model/result.h"

namespace exitledger {

/// Lets the VM in to all scopes that CAP_PERFMON allows, before its first vCPU. EPERM is no error: without it the VM
/// keeps the scopes that kvm.exit_leaf gives it. Errors: EINVAL from a KVM that has no leaves.
[[nodiscard]] Result<void> let_in(Machine& machine);

}  // namespace exitledger
