// SPDX-License-Identifier: MIT
#include "top/text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cwchar>

namespace exitledger::top {
namespace {

/// A character of a text: its bytes, and the columns that it takes; -1: it cannot be shown.
struct Character {
  std::string_view bytes;
  int columns = -1;
};

Character first_of(std::string_view text) {
  std::mbstate_t state{};
  wchar_t character = 0;
  const std::size_t size = std::mbrtowc(&character, text.data(), text.size(), &state);
  if (size == 0 || size > text.size()) return {text.substr(0, 1)};  // NUL, no character, or the start of one
  return {text.substr(0, size), ::wcwidth(character)};
}

template <typename Take>
void each_printable(std::string_view bytes, Take take) {
  while (!bytes.empty()) {
    const Character character = first_of(bytes);
    if (character.columns < 0) take(Character{"?", 1});
    if (character.columns > 0) take(character);
    bytes.remove_prefix(character.bytes.size());
  }
}

std::string cut(std::string_view bytes, std::size_t columns) {
  std::string text;
  std::size_t used = 0;
  bool full = false;
  each_printable(bytes, [&](const Character& character) {
    const auto width = static_cast<std::size_t>(character.columns);
    full = full || used + width + 1 > columns;
    if (full) return;
    text += character.bytes;
    used += width;
  });
  return text + std::string(columns - used - 1, ' ') + '~';
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string text;
  each_printable(bytes, [&](const Character& character) { text += character.bytes; });
  return text;
}

std::size_t columns_of(std::string_view bytes) {
  std::size_t columns = 0;
  each_printable(bytes, [&](const Character& character) { columns += static_cast<std::size_t>(character.columns); });
  return columns;
}

std::string fitted(std::string_view bytes, std::size_t columns, Align align) {
  if (columns == 0) return {};
  const std::size_t wanted = columns_of(bytes);
  if (wanted > columns) return cut(bytes, columns);
  const std::string blanks(columns - wanted, ' ');
  return align == Align::kLeft ? printable(bytes) + blanks : blanks + printable(bytes);
}

std::string count_text(std::uint64_t count, std::size_t columns) {
  constexpr std::string_view kUnits = "kMGTPE";
  std::string text = std::to_string(count);
  for (const char unit : kUnits) {
    if (text.size() <= columns) break;
    count /= 1000;
    text = std::to_string(count) + unit;
  }
  return text;
}

std::string signed_text(std::int64_t count, std::size_t columns) {
  if (count >= 0) return count_text(static_cast<std::uint64_t>(count), columns);
  return "-" + count_text(-static_cast<std::uint64_t>(count), columns - 1);
}

std::string rate_text(double per_second, std::size_t columns) {
  constexpr double kAllDigits = 999.95;
  if (per_second < kAllDigits) return fmt::format("{:.1f}", per_second);
  return count_text(static_cast<std::uint64_t>(std::llround(per_second)), columns);
}

std::string time_text(double ns) {
  constexpr std::array<std::string_view, 4> kUnits{"ns", "us", "ms", "s"};
  std::size_t unit = 0;
  for (; ns >= 999.5 && unit + 1 < kUnits.size(); ++unit) ns /= 1000;
  const int decimals = ns >= 99.95 || unit == 0 ? 0 : ns >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}{}", ns, decimals, kUnits.at(unit));
}

}  // namespace exitledger::top
