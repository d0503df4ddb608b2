// SPDX-License-Identifier: MIT
// Parts of the command line: what several subcommands share, and one function per group of them. CLI11 ends here.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "cli/options.h"

namespace exitledger::cli {

/// `inner`, whose complaint becomes "'<given>' is not <expected>": CLI11's own words name its types and numbers.
[[nodiscard]] CLI::Validator explained(const CLI::Validator& inner, const std::string& expected);

/// Durations as Prometheus spells them (500ms, 10s, 1m), from `low` to `high` milliseconds, which `bounds` says in
/// words. Into an integer of milliseconds.
[[nodiscard]] CLI::Validator duration(std::int64_t low, std::int64_t high, const std::string& bounds);

/// A subcommand whose options are a T: where it is parsed, T becomes the command.
template <typename T>
struct Subcommand {
  CLI::App& app;
  T& options;  ///< lives as long as `app`
};
template <typename T>
Subcommand<T> add_subcommand(CLI::App& parent, const std::string& name, const std::string& description, Options& into) {
  auto options = std::make_shared<T>();
  CLI::App& app = *parent.add_subcommand(name, description);
  app.callback([options, &into] { into.command = *options; });
  return {app, *options};
}

/// Returns the subcommand: the configuration file holds its flags.
CLI::App& add_serve(CLI::App& app, Options& options);
void add_readings(CLI::App& app, Options& options);     ///< status, leaf, check, calibrate
void add_sessions(CLI::App& app, Options& options);     ///< sessions …, compare
void add_experiments(CLI::App& app, Options& options);  ///< record, experiment
void add_top(CLI::App& app, Options& options);
void add_detail(CLI::App& app, Options& options);
void add_files(CLI::App& app, Options& options);  ///< verify, laws: what judges a file and needs no daemon

}  // namespace exitledger::cli
