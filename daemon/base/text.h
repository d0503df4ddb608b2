// SPDX-License-Identifier: MIT
// Numbers and lines as people read them on a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace exitledger {

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);

/// Breaks a line at blanks so that none is longer than `columns` (unless a word is); continuation lines are indented.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent = 0);

}  // namespace exitledger
