// SPDX-License-Identifier: MIT
#include "model/session.h"

namespace exitledger {

std::string_view to_string(LeafState state) {
  switch (state) {
    case LeafState::kPresent: return "present";
    case LeafState::kAbsent: return "absent";
    case LeafState::kRefused: return "refused";
    case LeafState::kFailed: return "failed";
  }
  return "invalid";
}

std::uint64_t judged_exits(const Session& session) {
  for (const ReasonVerdict& row : session.reasons)
    if (row.reason == kReasonAll) return row.ebpf;
  return 0;
}

}  // namespace exitledger
