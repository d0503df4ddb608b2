// SPDX-License-Identifier: MIT
#include "cli/config_file.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace exitledger::cli {
namespace {

// Flags that say what to do with the file itself.
constexpr std::array kNotInFiles{"help", "version", "config.file", "config.check"};

[[noreturn]] void complain(int line, const std::string& what) {
  throw CLI::ValidationError("--config.file", fmt::format("line {}: {}", line, what));
}

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

}  // namespace

std::vector<std::string> ConfigFile::parents_of(const std::string& key, int line) const {
  const bool own = std::find(kNotInFiles.begin(), kNotInFiles.end(), key) != kNotInFiles.end();
  if (!own && serve_.get_option_no_throw("--" + key) != nullptr) return {serve_.get_name()};
  if (!own && program_.get_option_no_throw("--" + key) != nullptr) return {};
  complain(
      line,
      fmt::format(
          "unknown key '{}'; keys are the flags of `exitledger --help` and `exitledger serve --help` without dashes",
          key));
}

std::vector<CLI::ConfigItem> ConfigFile::from_config(std::istream& in) const {
  YAML::Node root;
  try {
    root = YAML::Load(std::string{std::istreambuf_iterator<char>{in}, {}});
  } catch (const YAML::ParserException& error) {
    complain(error.mark.line + 1, error.msg);
  }
  std::vector<CLI::ConfigItem> flags;
  if (root.IsNull()) return flags;
  if (!root.IsMap()) complain(line_of(root), "not a map of flags");
  for (const auto& entry : root) {
    if (!entry.first.IsScalar()) complain(line_of(entry.first), "a key is not a flag's name");
    CLI::ConfigItem item;
    item.name = entry.first.Scalar();
    item.parents = parents_of(item.name, line_of(entry.first));
    const auto same = [&](const CLI::ConfigItem& other) { return other.name == item.name; };
    if (std::any_of(flags.begin(), flags.end(), same))
      complain(line_of(entry.first),
               fmt::format("'{}' is there twice; a flag that may be repeated takes a list", item.name));
    const YAML::Node& value = entry.second;
    if (value.IsScalar()) item.inputs = {value.Scalar()};
    for (std::size_t i = 0; value.IsSequence() && i < value.size(); ++i) {
      if (!value[i].IsScalar()) complain(line_of(value[i]), fmt::format("'{}' has a list in its list", item.name));
      item.inputs.push_back(value[i].Scalar());
    }
    if (item.inputs.empty()) complain(line_of(entry.first), fmt::format("'{}' has no value", item.name));
    flags.push_back(std::move(item));
  }
  return flags;
}

}  // namespace exitledger::cli
