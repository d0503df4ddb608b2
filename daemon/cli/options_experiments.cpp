// SPDX-License-Identifier: MIT
#include "cli/options_parts.h"

namespace exitledger::cli {
namespace {

constexpr unsigned kMostRuns = 1000;

void add_record(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<RecordOptions>(
      parent, "record", "A session around a command; exit status is the command's, 2 if nothing could be recorded",
      into);
  app.add_option("--name", options.name, "Name of the session: 1 to 64 of A-Z a-z 0-9 . _ - and not a number");
  app.add_option("command", options.command, "Command and its arguments, after --")->required();
}

void add_experiment(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<ExperimentOptions>(
      parent, "experiment",
      "Run a command under several paging modes in turns, each run a session of its own; the vendor module is reloaded "
      "before each and restored at the end",
      into);
  app.add_option("--modes", options.modes, "Paging modes, in the order of their turns: ept,shadow or npt,shadow")
      ->delimiter(',')
      ->required()
      ->check(explained(CLI::IsMember({"ept", "npt", "shadow"}), "a paging mode: ept, npt or shadow"));
  app.add_option("--repeat", options.repeat, "Runs of each mode")
      ->check(CLI::Range(1U, kMostRuns))
      ->capture_default_str();
  app.add_option("--name", options.name, "Name of the experiment (default: made of the time)");
  app.add_option("--parameter", options.parameters, "NAME=VALUE of the vendor module in all runs (vpid=0); repeatable")
      ->allow_extra_args(false);
  app.add_option("command", options.command, "Command and its arguments, after --")->required();
}

}  // namespace

void add_experiments(CLI::App& app, Options& options) {
  add_record(app, options);
  add_experiment(app, options);
}

}  // namespace exitledger::cli
