// SPDX-License-Identifier: MIT
// A logarithmic axis of a chart. It has no zero: what is 0 must be drawn in another way.
#pragma once

#include <string>
#include <vector>

namespace exitledger {

class LogScale {
 public:
  /// From `low` at the left edge to `high` at the right one, both above 0. An axis of less than a decade is made longer
  /// at its right.
  LogScale(double low, double high);

  /// Where a value stands, 0 to 100; what is beyond the axis stands at its end, and 0 at the left edge.
  [[nodiscard]] double percent(double value) const;

  struct Tick {
    double value = 0, percent = 0;
    bool labelled = false;  ///< false where labels would come too close
  };
  /// Powers of ten on the axis, ascending, at most that many of them labelled.
  [[nodiscard]] std::vector<Tick> ticks(int labels) const;

 private:
  double low_, high_;  // decimal logarithms
};

/// Where a chart's numbers have room for a few characters: "1", "100", "10k", "1M".
[[nodiscard]] std::string count_label(double count);
/// "1 us", "10 ms", "100 s".
[[nodiscard]] std::string duration_label(double ns);

}  // namespace exitledger
