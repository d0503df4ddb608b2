// SPDX-License-Identifier: MIT
// One screen as text: what a terminal of a size shows. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "top/view.h"

namespace exitledger::top {

enum class Style { kPlain, kBold, kBad, kHeader, kSelected };

struct Line {
  std::string text;  ///< printable
  Style style = Style::kPlain;
};

struct Size {
  std::size_t lines = 0, columns = 0;
};
inline constexpr Size kSmallest{24, 80};

/// What a screen says besides the rows.
struct Surroundings {
  std::string interval;    ///< between samples, as the user gave it: "1s"
  bool own_books = false;  ///< there is no daemon
  std::string notice;      ///< empty: none
};

/// Rows that a screen has room for; 0: it is smaller than kSmallest.
[[nodiscard]] std::size_t rows_that_fit(Size size, const Surroundings& around);

/// As many lines as the screen has, none wider than it; the last one leaves its last column free.
[[nodiscard]] std::vector<Line> page(const View& view, const Interval& interval, const Surroundings& around, Size size);

/// The lines above the table, for any output: session and mode, exits and losses, verdict and its age.
[[nodiscard]] std::vector<Line> summary(const Interval& interval);

}  // namespace exitledger::top
