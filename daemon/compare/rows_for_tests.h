// SPDX-License-Identifier: MIT
// Rows of a comparison by reason, for tests.
#pragma once

#include <gtest/gtest.h>

#include "compare/compare.h"

namespace exitledger {

/// By value: the comparison may be a temporary.
inline ComparedReason row_of(const Comparison& comparison, Reason reason) {
  for (const ComparedReason& row : comparison.reasons)
    if (row.reason == reason) return row;
  ADD_FAILURE() << "no row " << reason;
  return {};
}

}  // namespace exitledger
