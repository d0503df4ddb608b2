// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include "export/family_groups.h"

namespace exitledger {
namespace {

// Fields of /proc/PID/stat, numbered as in proc(5).
enum StatField : std::size_t {
  kUserTicks = 14,
  kSystemTicks = 15,
  kThreads = 20,
  kVirtualBytes = 23,
  kResidentPages = 24
};

std::optional<std::string> contents(const std::string& path) {
  std::ifstream file{path};
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Fields from number 3 on: the second, the command's name, may itself hold blanks and parentheses.
std::vector<std::string> stat_fields(const std::string& stat) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest{stat.substr(name_end + 1)};
  return {std::istream_iterator<std::string>{rest}, {}};
}

std::optional<double> stat_value(const std::vector<std::string>& fields, StatField field) {
  const std::size_t at = field - 3;
  return at < fields.size() ? number(fields[at]) : std::nullopt;
}

// Soft limit of one line of /proc/PID/limits; nullopt also for "unlimited".
std::optional<double> soft_limit(const std::string& limits, std::string_view name) {
  const std::size_t line = limits.find(name);
  if (line == std::string::npos) return std::nullopt;
  std::istringstream rest{limits.substr(line + name.size())};
  std::string soft;
  rest >> soft;
  return number(soft);
}

std::optional<double> entries(const std::string& directory) {
  std::error_code error;
  std::filesystem::directory_iterator each{directory, error};
  double count = 0;
  for (; !error && each != std::filesystem::directory_iterator{}; each.increment(error)) ++count;
  return error ? std::nullopt : std::optional{count};
}

template <const FamilyInfo& kInfo>
void append_value(std::optional<double> value, Families& out) {
  if (!value) return;
  FamilyBuilder<kInfo> builder;
  builder.add(*value);
  std::move(builder).append_to(out);
}

void append_stat(const std::string& stat, Families& out) {
  const std::vector<std::string> fields = stat_fields(stat);
  const auto user = stat_value(fields, kUserTicks);
  const auto system = stat_value(fields, kSystemTicks);
  if (user && system)
    append_value<family::kProcessCpu>((*user + *system) / static_cast<double>(::sysconf(_SC_CLK_TCK)), out);
  append_value<family::kProcessThreads>(stat_value(fields, kThreads), out);
  append_value<family::kProcessVirtual>(stat_value(fields, kVirtualBytes), out);
  if (const auto pages = stat_value(fields, kResidentPages))
    append_value<family::kProcessResident>(*pages * static_cast<double>(::sysconf(_SC_PAGESIZE)), out);
}

}  // namespace

void append_process(const std::string& proc_self, std::int64_t started_unix_ns, Families& out) {
  if (const auto stat = contents(proc_self + "/stat")) append_stat(*stat, out);
  if (const auto limits = contents(proc_self + "/limits")) {
    append_value<family::kProcessMaxFds>(soft_limit(*limits, "Max open files"), out);
    append_value<family::kProcessVirtualMax>(soft_limit(*limits, "Max address space"), out);
  }
  append_value<family::kProcessOpenFds>(entries(proc_self + "/fd"), out);
  if (started_unix_ns != 0) append_value<family::kProcessStart>(static_cast<double>(started_unix_ns) / 1e9, out);
}

}  // namespace exitledger
