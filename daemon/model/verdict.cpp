// SPDX-License-Identifier: MIT
#include "model/verdict.h"

#include <algorithm>

namespace exitledger {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAgrees: return "agrees";
    case Verdict::kWithinBracket: return "within bracket";
    case Verdict::kCannotTell: return "cannot tell";
    case Verdict::kDisagrees: return "disagrees";
  }
  return "invalid";
}

int exit_status(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAgrees: return 0;
    case Verdict::kDisagrees: return 1;
    case Verdict::kWithinBracket:
    case Verdict::kCannotTell: return 2;
  }
  return 2;
}

Verdict worst(Verdict a, Verdict b) { return std::max(a, b); }

}  // namespace exitledger
