// SPDX-License-Identifier: MIT
#include <map>

#include "cli/options_parts.h"

namespace exitledger::cli {
namespace {

// The micro guest has one vCPU: scope vcpu would be the same as vm.
std::map<std::string, leaf::Scope> micro_guest_scopes() {
  std::map<std::string, leaf::Scope> scopes{leaf::kScopes.begin(), leaf::kScopes.end()};
  scopes.erase("vcpu");
  return scopes;
}

void add_status(CLI::App& parent, Options& into) {
  auto [app, options] =
      add_subcommand<StatusOptions>(parent, "status", "What the daemon sees; exit 0 if it is ready, 2 if not", into);
  app.add_option("--wait-s", options.wait_s, "Wait up to this many seconds for it to be ready")
      ->check(CLI::Range(0U, 3600U));
  app.add_flag("--json", options.json, "JSON on stdout");
}

void add_leaf(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<LeafOptionsCli>(
      parent, "leaf", "Read the exit-count CPUID leaves of this host through a micro guest", into);
  app.add_option_no_stream("--scope", options.scope, "Whose counters: default, vm (the micro guest), host, cpu")
      ->transform(explained(CLI::CheckedTransformer(micro_guest_scopes()),
                            "a scope of the micro guest: default, vm, host or cpu"))
      ->default_str("host");
  app.add_flag("--all", options.all, "Also reasons that have not happened");
  app.add_flag("--json", options.json, "JSON on stdout");
}

void add_check(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<CheckOptions>(
      parent, "check", "Read both books and judge; exit 0 they agree, 1 they disagree, 2 cannot tell", into);
  app.add_option("--rounds", options.rounds, "Sweeps over the CPUs (default: until the verdict stands, at most 3)")
      ->check(CLI::Range(1U, 100U));
  app.add_flag("--guests", options.guests,
               "What guests were told by the leaves, each answer judged as it was given; needs a daemon")
      ->excludes("--rounds");
  app.add_flag("--json", options.json, "JSON on stdout");
}

void add_calibrate(CLI::App& parent, Options& into) {
  auto [app, options] =
      add_subcommand<CalibrateOptions>(parent, "calibrate",
                                       "Cause N of each kind of exit that a micro guest can, and hold every "
                                       "witness against the table; exit 0 all agree, "
                                       "1 one does not, 2 cannot tell",
                                       into);
  app.add_option("--count", options.count, "N; a prime is told best from sums of other things")
      ->check(CLI::Range(1U, kMostCalibrationCount))
      ->capture_default_str();
  app.add_flag("--json", options.json, "JSON on stdout");
}

}  // namespace

void add_readings(CLI::App& app, Options& options) {
  add_status(app, options);
  add_leaf(app, options);
  add_check(app, options);
  add_calibrate(app, options);
}

}  // namespace exitledger::cli
