// SPDX-License-Identifier: MIT
// The program's stderr and stdout, when they cannot be written.
#pragma once

#include <string>

#include "model/result.h"

namespace exitledger::cli {

/// "exitledger: <line>" on stderr. Never throws and tells nobody if it fails: a full disk or a closed pipe behind the
/// log is no reason for the books to end.
void log_line(const std::string& line) noexcept;

/// Writes out what was printed on stdout. Error: some of it is lost, now or at an earlier print.
[[nodiscard]] Result<void> flush_stdout();

}  // namespace exitledger::cli
