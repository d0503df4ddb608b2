// SPDX-License-Identifier: MIT
// Which run comes when, and how long the rest will take.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace exitledger {

struct PlannedRun {
  std::string mode;
  unsigned number = 1;  ///< of this mode's runs
};

/// In turns: A 1, B 1, A 2, B 2, …, so that what drifts with time weighs on every mode alike.
[[nodiscard]] std::vector<PlannedRun> interleaved(const std::vector<std::string>& modes, unsigned repeat);

/// Time that the runs from `done` on will take, by the mean of the same mode's runs so far; a mode that has not run is
/// taken for the mean of all. Zero before the first.
[[nodiscard]] std::chrono::seconds time_left(const std::vector<PlannedRun>& plan,
                                             const std::vector<std::chrono::milliseconds>& done);

/// "45 s", "3 min", "2 h 10 min"
[[nodiscard]] std::string about(std::chrono::seconds duration);

}  // namespace exitledger
