// SPDX-License-Identifier: MIT
#include "cli/options_parts.h"

namespace exitledger::cli {

void add_top(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<TopOptions>(
      parent, "top", "The books live on a terminal: exits by reason, VM and vCPU; or into a CSV log", into);
  app.add_option_function<std::int64_t>(
         "--interval", [&interval = options.interval](std::int64_t ms) { interval = std::chrono::milliseconds{ms}; },
         "Time between samples (500ms, 10s, 1m)")
      ->transform(duration(100, 3'600'000, "from 100ms to 60m"))
      ->default_str("1s");
  auto* const count = app.add_option("--count", options.count, "Leave after this many intervals (default: go on)")
                          ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
  auto* const once = app.add_flag("--once", options.once, "Print one interval's table and leave; needs no terminal");
  once->excludes(count);
  app.add_flag("--json", options.json, "With --once: JSON on stdout")->needs(once);
  auto* const csv = app.add_option("--csv", options.csv, "Log to this file in place of a screen, - for stdout");
  csv->excludes(once)->check(explained(CLI::Validator([](std::string& path) { return path.empty() ? "?" : ""; }, ""),
                                       "a file, or - for stdout"));
  app.add_flag("--per-vm", options.per_vm, "With --csv: lines of each VM, too")->needs(csv);
}

}  // namespace exitledger::cli
