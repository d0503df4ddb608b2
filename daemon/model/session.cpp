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

Verdict judged(const Session& session) {
  const bool contradicted = session.third && session.third->verdict() == Verdict::kDisagrees;
  return contradicted ? Verdict::kDisagrees : judged(session.verdict, session.laws_broken);
}

Verdict judged_with_time(const Session& session) {
  return session.time.verdict == TimeVerdict::kBeyondBound ? Verdict::kDisagrees : judged(session);
}

std::uint64_t judged_exits(const Session& session) {
  for (const ReasonVerdict& row : session.reasons)
    if (row.reason == kReasonAll) return row.ebpf;
  return 0;
}

}  // namespace exitledger
