// SPDX-License-Identifier: MIT
// exitledger compare: two sessions side by side, what stands behind the numbers first.
#include "session/compare.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/fetch.h"

namespace exitledger::cli {

int run_compare(const Common& common, const CompareOptions& options) {
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  const auto a = pick(*sessions, options.a);
  if (!a) return complain(a.error());
  const auto b = pick(*sessions, options.b);
  if (!b) return complain(b.error());
  const Comparison comparison = compare(*a, *b);
  if (options.json)
    fmt::print("{}\n", to_json(comparison).dump(2));
  else
    fmt::print("{}\n{}\n", to_text(comparison), wrapped(paragraph(comparison), 100));
  return exit_status(worst(judged(comparison.a.verdict, comparison.a.laws_broken),
                           judged(comparison.b.verdict, comparison.b.laws_broken)));
}

}  // namespace exitledger::cli
