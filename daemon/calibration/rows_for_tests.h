// SPDX-License-Identifier: MIT
// Rows of the calibration's table by name, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "calibration/table.h"

namespace exitledger {

inline CalibrationRow row_named(std::string_view name, const CalibrationTarget& target = {}) {
  for (const CalibrationRow& row : calibration_rows(target))
    if (row.name == name) return row;
  ADD_FAILURE() << "no row " << name;
  return {};
}

}  // namespace exitledger
