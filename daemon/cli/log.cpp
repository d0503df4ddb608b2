// SPDX-License-Identifier: MIT
#include "cli/log.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/clock.h"
#include "base/time_text.h"
#include "cli/streams.h"

namespace exitledger::cli {
namespace {

std::string_view name_of(LogLevel level) {
  static constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};
  return kNames.at(static_cast<std::size_t>(level));
}

// A VM's name is its owner's choice: no line may end early, no byte may break the JSON or command a terminal.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string log_record(LogFormat format, LogLevel level, std::int64_t unix_ns, const std::string& line) {
  const std::string time = rfc3339(unix_ns);
  if (format == LogFormat::kJson)
    return fmt::format(R"({{"ts":"{}","level":"{}","msg":{}}})", time, name_of(level), quoted(line));
  return fmt::format("ts={} level={} msg={}", time, name_of(level), quoted(line));
}

Log log_to_stderr(const LogOptions& options) {
  return [options](LogLevel level, const std::string& line) {
    if (level < options.level) return;
    try {
      // Not fmt::print: it throws when the write fails.
      std::fprintf(stderr, "%s\n", log_record(options.format, level, unix_now_ns(), line).c_str());
    } catch (const std::exception&) {  // out of memory: nothing can be said any more
    }
  };
}

void plain_log(LogLevel level, const std::string& line) noexcept {
  if (level >= LogLevel::kInfo) log_line(line);
}

}  // namespace exitledger::cli
