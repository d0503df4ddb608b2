// SPDX-License-Identifier: MIT
// The program's stderr and stdout: when they cannot be written, and lines of text that others chose.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/escape.h"
#include "model/result.h"

namespace exitledger::cli {

/// "exitledger: <line>" on stderr, printable(). Never throws and tells nobody if it fails: a full disk or a closed pipe
/// behind the log is no reason for the books to end.
void log_line(const std::string& line) noexcept;

/// One line on stdout, printable(): names of VMs and commands are whatever their owner typed. Throws as fmt::print().
template <typename... Args>
void print_line(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print("{}\n", printable(fmt::format(format, std::forward<Args>(args)...)));
}

/// Writes out what was printed on stdout. Error: some of it is lost, now or at an earlier print.
[[nodiscard]] Result<void> flush_stdout();

}  // namespace exitledger::cli
