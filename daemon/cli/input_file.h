// SPDX-License-Identifier: MIT
// A file that a person names.
#pragma once

#include <cstddef>
#include <string>

#include "model/result.h"

namespace exitledger::cli {

/// The most that read_input() takes: a certificate of a session on 512 CPUs is some 10 MB.
inline constexpr std::size_t kMostInput = std::size_t{256} << 20;

/// All of a file, or of standard input for "-". Errors: it cannot be opened or read, or is longer than kMostInput.
[[nodiscard]] Result<std::string> read_input(const std::string& path);

/// The path, or "standard input" for "-".
[[nodiscard]] std::string input_name(const std::string& path);
/// What is wrong in that input.
[[nodiscard]] Error within(const std::string& name, Error error);

}  // namespace exitledger::cli
