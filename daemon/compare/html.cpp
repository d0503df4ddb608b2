// SPDX-License-Identifier: MIT
// The comparison as one page that needs nothing else: style and charts are inside, no script, no address to follow.
#include <fmt/format.h>

#include "base/escape.h"
#include "compare/html_parts.h"
#include "compare/page.h"
#include "version.h"

namespace exitledger {
namespace {

std::string title_of(const Comparison& comparison) {
  return fmt::format("VM exits: {} beside {}", to_string(comparison.a.paging), to_string(comparison.b.paging));
}

std::string items(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) list += "<li>" + html_escaped(text) + "</li>";
  return "<ul>" + list + "</ul>";
}

std::string objections_html(const Comparison& comparison) {
  if (comparison.objections.empty()) return {};
  return R"(<section class="unsound"><h2>Not a sound comparison</h2>)" + items(comparison.objections) + "</section>\n";
}

std::string notes_html(const Comparison& comparison) {
  if (comparison.notes.empty()) return {};
  return R"(<section class="notes" aria-label="Notes">)" + items(comparison.notes) + "</section>\n";
}

std::string section(std::string_view title, const std::string& chart) {
  return chart.empty() ? "" : fmt::format("<h2>{}</h2>\n{}", title, chart);
}

}  // namespace

std::string to_html(const Comparison& comparison) {
  const std::string title = title_of(comparison);
  // Should a name ever get through as markup, it can load and run nothing.
  return fmt::format(
             R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>{}</title>
<style>
{}</style>
</head>
<body>
)",
             title, kCompareStyle) +
         fills_html() + fmt::format("<main>\n<h1>{}</h1>\n", title) + objections_html(comparison) +
         certificate_html(comparison) + notes_html(comparison) +
         fmt::format("<p id=\"summary\">{}</p>\n", html_escaped(paragraph(comparison))) +
         section("Exits by reason", exits_chart_html(comparison)) +
         section("What the difference is made of", differences_chart_html(comparison)) +
         section("Time out of the guest by reason", times_chart_html(comparison)) + tables_html(comparison) +
         fmt::format("</main>\n<footer>{}</footer>\n</body>\n</html>\n", html_escaped(kVersionLine));
}

}  // namespace exitledger
