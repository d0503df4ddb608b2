// SPDX-License-Identifier: MIT
// A YAML file of flags, for CLI11: `--config.file`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace exitledger::cli {

/// One key per flag of `serve` or of the program, spelt as on the command line without its dashes; a list for a flag
/// that may be repeated. What the command line says goes before the file. An unknown key, a nested map and a file that
/// is no YAML are errors with their line.
class ConfigFile : public CLI::Config {
 public:
  /// Both outlive this.
  ConfigFile(const CLI::App& program, const CLI::App& serve) : program_(program), serve_(serve) {}

  [[nodiscard]] std::vector<CLI::ConfigItem> from_config(std::istream& in) const override;
  /// Not offered: the flags are in --help.
  [[nodiscard]] std::string to_config(const CLI::App*, bool, bool, std::string) const override { return {}; }

 private:
  [[nodiscard]] std::vector<std::string> parents_of(const std::string& key, int line) const;

  const CLI::App& program_;
  const CLI::App& serve_;
};

}  // namespace exitledger::cli
