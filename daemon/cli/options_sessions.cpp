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

void add_show(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<SessionsShowOptions>(
      parent, "show", "One session: its books, witnesses, VMs, parameters; exit status is its verdict", into);
  app.add_option("id", options.id, "Session, by id or name")->required();
  app.add_flag("--json", options.json, "JSON on stdout");
}

void add_name(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<SessionsNameOptions>(parent, "name", "Give a session a name", into);
  app.add_option("id", options.id, "Session, by id or name")->required();
  app.add_option("name", options.name, "1 to 64 of A-Z a-z 0-9 . _ - and not a number; no other session's")->required();
}

void add_delete(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<SessionsDeleteOptions>(parent, "delete", "Remove ended sessions for good", into);
  app.add_option("id", options.ids, "Sessions, by id or name")->required();
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
  CLI::App& sessions = *app.add_subcommand("sessions", "Sessions that are kept");
  sessions.require_subcommand(1);
  add_list(sessions, options);
  add_show(sessions, options);
  add_export(sessions, options);
  add_name(sessions, options);
  add_delete(sessions, options);
  add_compare(app, options);
}

}  // namespace exitledger::cli
