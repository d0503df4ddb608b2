// SPDX-License-Identifier: MIT
#include "base/escape.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace exitledger {
namespace {

constexpr bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// Calls `take` with the bytes of each character of valid UTF-8.
template <typename Take>
void each_character(std::string_view text, Take take) {
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < text.size() && continues(text[length])) ++length;
    take(text.substr(0, length));
    text.remove_prefix(length);
  }
}

/// Of one character of valid UTF-8.
char32_t code_point(std::string_view character) {
  constexpr std::array<unsigned, 5> kOfFirst{0, 0x7F, 0x1F, 0x0F, 0x07};  // its bits in the first byte, by length
  char32_t value = static_cast<unsigned char>(character[0]) & kOfFirst.at(character.size());
  for (const char c : character.substr(1)) value = value << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return value;
}

struct Range {
  char32_t first, last;
};
constexpr std::array kHarmful{
    Range{0x0000, 0x001F}, Range{0x007F, 0x009F},  // C0, DEL, C1
    Range{0x061C, 0x061C}, Range{0x200E, 0x200F},  // marks of direction
    Range{0x2028, 0x202E},                         // separators of lines and paragraphs; embeddings, overrides
    Range{0x2066, 0x2069},                         // isolates
    Range{0xFFFE, 0xFFFF},                         // no characters of XML
};

bool is_harmful(std::string_view character) {
  const char32_t value = code_point(character);
  return std::any_of(kHarmful.begin(), kHarmful.end(),
                     [&](const Range& range) { return range.first <= value && value <= range.last; });
}

/// printable() but for line ends.
std::string printable_lines(std::string_view text) {
  std::string result;
  each_character(valid_utf8(text), [&](std::string_view character) {
    const bool line_end = character == "\n" || character == "\r";
    result += is_harmful(character) && !line_end ? "?" : character;
  });
  return result;
}

template <typename Escape>
std::string escaped(std::string_view text, Escape escape) {
  std::string result;
  for (const char c : printable(text)) result += escape(c);
  return result;
}

std::string html_character(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return {c};
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  each_character(valid_utf8(text),
                 [&](std::string_view character) { result += is_harmful(character) ? "?" : character; });
  return result;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string fitted(std::string_view text, std::size_t count) {
  std::string clean = printable(text);
  if (characters(clean) <= count) return clean;
  std::string result;
  std::size_t room = count > 0 ? count - 1 : 0;
  each_character(clean, [&](std::string_view character) {
    if (room == 0) return;
    result += character;
    --room;
  });
  return count > 0 ? result + "." : result;
}

std::string html_escaped(std::string_view text) { return escaped(text, html_character); }

std::string csv_text(std::string_view text) {
  std::string valid = printable_lines(text);
  constexpr std::string_view kRun = "=+-@";
  // A spreadsheet that drops blanks and line ends must not meet a formula either.
  const std::size_t first = valid.find_first_not_of(" \r\n");
  if (first != std::string::npos && valid != "-" && kRun.find(valid[first]) != std::string_view::npos)
    valid.insert(valid.begin(), '\'');
  if (valid.find_first_of(",\"\r\n") == std::string::npos) return valid;
  std::string result = "\"";
  for (const char c : valid) result.append(c == '"' ? 2 : 1, c);
  return result + "\"";
}

std::string markdown_escaped(std::string_view text) {
  // Any punctuation of ASCII may be escaped (CommonMark 2.4). These are what can begin markup, links or a table's cell.
  constexpr std::string_view kMarkup = "\\`*_{}[]<>()#+!|~&:.@$\"'=^";
  return escaped(text, [&](char c) {
    return kMarkup.find(c) == std::string_view::npos ? std::string{c} : std::string{'\\', c};
  });
}

}  // namespace exitledger
