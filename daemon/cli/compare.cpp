// SPDX-License-Identifier: MIT
// exitledger compare: two sessions or two modes of an experiment side by side, what stands behind the numbers first.
#include "compare/compare.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/fetch.h"

namespace exitledger::cli {
namespace {

using Form = CompareOptions::Form;

Result<std::pair<Operand, Operand>> operands(const std::vector<Session>& sessions, const CompareOptions& options) {
  if (options.b.empty()) return find_modes(sessions, options.a);
  auto a = find_operand(sessions, options.a);
  if (!a) return tl::unexpected{a.error()};
  auto b = find_operand(sessions, options.b);
  if (!b) return tl::unexpected{b.error()};
  return std::pair{std::move(*a), std::move(*b)};
}

/// Ends with a newline.
std::string text_of(const Comparison& comparison, Form form) {
  constexpr std::size_t kColumns = 100;
  constexpr int kIndent = 2;
  switch (form) {
    case Form::kText: return to_text(comparison) + "\n" + wrapped(paragraph(comparison), kColumns) + "\n";
    // Names are whatever bytes a VMM's command line had.
    case Form::kJson:
      return to_json(comparison).dump(kIndent, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    case Form::kCsv: return to_csv(comparison);
    case Form::kMarkdown: return to_markdown(comparison);
    case Form::kHtml: return to_html(comparison);
  }
  return {};
}

Verdict judged(const Operand& operand) {
  Verdict verdict = Verdict::kAgrees;
  for (const Session& session : operand.runs) verdict = worst(verdict, exitledger::judged(session));
  return verdict;
}

}  // namespace

int run_compare(const Common& common, const CompareOptions& options) {
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  const auto sides = operands(*sessions, options);
  if (!sides) return complain(sides.error());
  const Comparison comparison = compare(sides->first, sides->second);
  fmt::print("{}", text_of(comparison, options.form));
  const Verdict of_runs = worst(judged(sides->first), judged(sides->second));
  return exit_status(comparison.objections.empty() ? of_runs : worst(of_runs, Verdict::kCannotTell));
}

}  // namespace exitledger::cli
