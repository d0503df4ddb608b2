// SPDX-License-Identifier: MIT
// Comparisons of an experiment's modes, and their rows, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "compare/compare.h"
#include "session/sessions_for_tests.h"

namespace exitledger {

/// Of both modes; one that cannot be made fails the test.
inline Comparison compared(const std::vector<Session>& sessions, const std::string& experiment = "boot") {
  const auto modes = find_modes(sessions, experiment);
  if (modes) return compare(modes->first, modes->second);
  ADD_FAILURE() << modes.error().message();
  return compare(ept_session(), shadow_session());
}

/// By value: the comparison may be a temporary.
inline ComparedReason row_of(const Comparison& comparison, Reason reason) {
  for (const ComparedReason& row : comparison.reasons)
    if (row.reason == reason) return row;
  ADD_FAILURE() << "no row " << reason;
  return {};
}

}  // namespace exitledger
