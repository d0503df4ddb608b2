// SPDX-License-Identifier: MIT
// What the daemon may still do once it watches.
#pragma once

#include "model/result.h"

namespace exitledger::cli {

/// Leaves this thread CAP_BPF (the probe's maps, counters of its programs) and CAP_PERFMON (scopes 3 and 4 of the
/// leaf), as far as it has them; everything else goes for good, the ambient and inheritable sets too. Call it while
/// there is one thread. Error: capset(2) refused.
[[nodiscard]] Result<void> drop_capabilities();

}  // namespace exitledger::cli
