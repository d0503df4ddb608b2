// SPDX-License-Identifier: MIT
#include "model/exit_time.h"

namespace exitledger {

std::string_view to_string(TimeVerdict verdict) {
  switch (verdict) {
    case TimeVerdict::kWithinBound: return "within bound";
    case TimeVerdict::kCannotTell: return "cannot tell";
    case TimeVerdict::kBeyondBound: return "beyond bound";
  }
  return "invalid";
}

void TimeResult::cannot_tell(const std::string& because) {
  verdict = TimeVerdict::kCannotTell;
  why = because;
  for (TimeRow& row : reasons) {
    row.verdict = TimeVerdict::kCannotTell;
    row.why = because;
  }
}

}  // namespace exitledger
