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

}  // namespace exitledger
