// SPDX-License-Identifier: MIT
#include <map>

#include "cli/options_parts.h"

namespace exitledger::cli {

void add_detail(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<DetailOptionsCli>(
      parent, "detail",
      "Exits of one kind by port, MSR, page, register, vector or leaf; exit 0 the rows add up, 1 they do not, 2 cannot "
      "tell",
      into);
  std::map<std::string, DetailKind> kinds;
  for (const DetailKind kind : kDetailKinds) kinds.emplace(to_string(kind), kind);
  app.add_option_no_stream("--reason", options.kind, "Kind of exit: io, msr, ept-violation, cr, exception or cpuid")
      ->required()
      ->transform(
          explained(CLI::CheckedTransformer(kinds), "a kind of exit: io, msr, ept-violation, cr, exception or cpuid"));
  app.add_option("--seconds", options.seconds, "How long; SIGINT and SIGTERM end it sooner")
      ->check(CLI::Range(1U, 86'400U))
      ->capture_default_str();
  app.add_option("--rows", options.rows, "Different ones that get a row each; all others are counted together")
      ->check(CLI::Range(1U, 1'048'576U))
      ->capture_default_str();
  app.add_flag("--json", options.json, "JSON on stdout");
}

}  // namespace exitledger::cli
