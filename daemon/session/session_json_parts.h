// SPDX-License-Identifier: MIT
// What writing and reading a session's JSON share.
#pragma once

#include <array>
#include <string_view>

#include "model/session.h"

namespace exitledger::session_json {

inline constexpr std::string_view kNoCalibration = "none";
inline constexpr std::array kLosses{EL_LOSS_NO_OFFSET, EL_LOSS_READ_FAILED,    EL_LOSS_NO_SLOT,       EL_LOSS_SLOT_MAP,
                                    EL_LOSS_NO_CPU,    EL_LOSS_EXIT_ELSEWHERE, EL_LOSS_ENTRY_NO_EXIT, EL_LOSS_ASK_MAP,
                                    EL_LOSS_EVENT,     EL_LOSS_KVM_STATS};

/// What a duration was lost by before docs/decisions/0061, in its place.
inline constexpr std::string_view kFormerExitElsewhere = "entry_no_slot";

/// Sums over the reasons that are summands: `total` of a session.
struct Total {
  std::uint64_t ebpf = 0, leaf = 0;
};

[[nodiscard]] inline Total total_of(const Session& session) {
  Total total;
  for (const ReasonVerdict& row : session.reasons) {
    if (!is_summand(row.reason)) continue;
    total.ebpf += row.ebpf;
    total.leaf += row.leaf;
  }
  return total;
}

}  // namespace exitledger::session_json
