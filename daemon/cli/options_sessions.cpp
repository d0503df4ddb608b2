// SPDX-License-Identifier: MIT
#include <array>

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
  CLI::Option* const certificate =
      app.add_flag("--certificate", options.certificate, "As a certificate, for exitledger verify")
          ->excludes("--metrics");
  app.add_option("--sign", options.sign, "Sign the certificate with this Ed25519 private key (PEM)")
      ->needs(certificate);
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
      parent, "compare",
      "Two sessions, or an experiment's two modes, side by side; exit 0 all agree and break no law, 1 one does not, "
      "2 cannot tell",
      into);
  app.add_option("a", options.a, "Session, EXPERIMENT/MODE, or EXPERIMENT")->required();
  app.add_option("b", options.b, "Session or EXPERIMENT/MODE; without it a is an experiment of two modes");
  using Form = CompareOptions::Form;
  const auto add_form = [&app = app, &form = options.form](const std::string& flag, Form value,
                                                           const std::string& description) {
    return app.add_flag_callback(
        flag, [&form, value] { form = value; }, description);
  };
  const std::array forms{add_form("--json", Form::kJson, "JSON on stdout"),
                         add_form("--csv", Form::kCsv, "CSV on stdout"),
                         add_form("--markdown", Form::kMarkdown, "Markdown on stdout"),
                         add_form("--html", Form::kHtml, "One HTML page with charts on stdout")};
  for (CLI::Option* form : forms)
    for (CLI::Option* other : forms)
      if (form != other) form->excludes(other);
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
