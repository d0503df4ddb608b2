// SPDX-License-Identifier: MIT
// What a comparison shows beside the exits: time out of the guest, KVM's MMU statistics.
#pragma once

#include <vector>

#include "compare/compare.h"

namespace exitledger {

/// By reason, ascending; empty if neither side keeps durations. The vendor is that of the first run of A.
[[nodiscard]] std::vector<ComparedTime> compared_times(const Operand& a, const Operand& b);

/// By name, ascending; empty if neither side has any.
[[nodiscard]] std::vector<ComparedStat> compared_mmu(const Operand& a, const Operand& b);

}  // namespace exitledger
