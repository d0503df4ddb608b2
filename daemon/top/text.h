// SPDX-License-Identifier: MIT
// Text for a terminal: what may be printed, how many columns it takes, numbers that fit.
//
// Bytes are read as LC_CTYPE says. Names of VMs are their owners' text: nothing here lets a control character through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace exitledger::top {

/// What can be shown of `bytes`: a byte that is no character and a character that cannot be printed become '?',
/// characters without a width of their own (combining, direction, joiners) are left out.
[[nodiscard]] std::string printable(std::string_view bytes);

/// Columns that the printable part of `bytes` takes.
[[nodiscard]] std::size_t columns_of(std::string_view bytes);

enum class Align { kLeft, kRight };

/// The printable part of `bytes` in exactly `columns` columns: filled with blanks, or cut with a '~' as the last one.
[[nodiscard]] std::string fitted(std::string_view bytes, std::size_t columns, Align align = Align::kLeft);

/// All digits, or in thousands (k, M, G, T, P, E) where `columns` do not hold them.
[[nodiscard]] std::string count_text(std::uint64_t count, std::size_t columns);
[[nodiscard]] std::string signed_text(std::int64_t count, std::size_t columns);
/// Per second: one decimal below 1000.
[[nodiscard]] std::string rate_text(double per_second, std::size_t columns);
/// Three digits and a unit: "834ns", "12.3us", "1.20ms", "45.0s".
[[nodiscard]] std::string time_text(double ns);

}  // namespace exitledger::top
