// SPDX-License-Identifier: MIT
// Parts of the page of a comparison, each one element or more of well-formed HTML. `html` in a name: markup, not text.
#pragma once

#include <string>
#include <string_view>

#include "compare/compare.h"

namespace exitledger {

/// The pattern that bars of B are filled with; once per page, before the first chart.
[[nodiscard]] std::string fills_html();
/// Bars per reason on a logarithmic axis, both books marked, ranges and intervals where there are repeats.
[[nodiscard]] std::string exits_chart_html(const Comparison& comparison);
/// What grew and what shrank, on a linear axis, the largest first.
[[nodiscard]] std::string differences_chart_html(const Comparison& comparison);
/// Time out of the guest per reason on a logarithmic axis; empty without any.
[[nodiscard]] std::string times_chart_html(const Comparison& comparison);

/// Verdicts, laws, losses and what the sides are; then each run.
[[nodiscard]] std::string certificate_html(const Comparison& comparison);
/// All figures, a table each, with their headings.
[[nodiscard]] std::string tables_html(const Comparison& comparison);

}  // namespace exitledger
