// SPDX-License-Identifier: MIT
// The daemon's log on stderr, in the two formats that exporters have.
#pragma once

#include <cstdint>
#include <string>

#include "base/log.h"

namespace exitledger::cli {

enum class LogFormat { kLogfmt, kJson };

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  ///< less than this is left out
  LogFormat format = LogFormat::kLogfmt;
};

/// `ts=2026-11-21T14:41:31.023Z level=info msg="…"`, or the same as a JSON object, without the line's end. `unix_ns`:
/// ts.
[[nodiscard]] std::string log_record(LogFormat format, LogLevel level, std::int64_t unix_ns, const std::string& line);

/// To stderr, a record a line. A log that cannot be written is no reason for the books to end: nobody is told.
[[nodiscard]] Log log_to_stderr(const LogOptions& options);

/// For subcommands that keep the books for their own lifetime: "exitledger: <line>", from LogLevel::kInfo on.
void plain_log(LogLevel level, const std::string& line) noexcept;

}  // namespace exitledger::cli
