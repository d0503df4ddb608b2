// SPDX-License-Identifier: MIT
#include "cli/options_parts.h"

namespace exitledger::cli {
namespace {

// "ept=FILE" pairs.
void take_metrics(const std::vector<std::string>& pairs, std::map<std::string, std::string>& into) {
  for (const std::string& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || !paging_from(pair.substr(0, equals)))
      throw CLI::ValidationError("--metrics: '" + pair + "' is not ept=FILE, npt=FILE or shadow=FILE");
    into[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
}

void add_list(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<SessionsListOptions>(parent, "list", "One line per session", into);
  app.add_flag("--json", options.json, "JSON on stdout");
}

void add_export(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<SessionsExportOptions>(
      parent, "export", "Sessions with everything that their verdicts rest on, as JSON", into);
  app.add_option("id", options.ids, "Sessions (default: all)");
  app.add_option_function<std::vector<std::string>>(
         "--metrics",
         [&metrics = options.metrics](const std::vector<std::string>& pairs) { take_metrics(pairs, metrics); },
         "PAGING=FILE: the scrape taken at a session's end; repeatable")
      ->allow_extra_args(false);
}

void add_compare(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<CompareOptions>(
      parent, "compare", "Two sessions side by side; exit 0 both agree and break no law, 1 one does not, 2 cannot tell",
      into);
  app.add_option("a", options.a, "Session")->required();
  app.add_option("b", options.b, "Session")->required();
  app.add_flag("--json", options.json, "JSON on stdout");
}

}  // namespace

void add_sessions(CLI::App& app, Options& options) {
  CLI::App& sessions = *app.add_subcommand("sessions", "Sessions that the daemon keeps");
  sessions.require_subcommand(1);
  add_list(sessions, options);
  add_export(sessions, options);
  add_compare(app, options);
}

}  // namespace exitledger::cli
