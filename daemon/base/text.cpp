// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <algorithm>

namespace exitledger {

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent) {
  std::string result;
  std::size_t room = columns;
  while (text.size() > room) {
    // Leading blanks are the text's own indentation, no place to break.
    const std::size_t start = std::min(text.find_first_not_of(' '), text.size());
    std::size_t blank = text.rfind(' ', room);
    if (blank == std::string_view::npos || blank < start) blank = text.find(' ', start);
    if (blank == std::string_view::npos) break;
    result.append(text.substr(0, blank)).append("\n").append(indent, ' ');
    text.remove_prefix(blank + 1);
    room = columns - std::min(columns, indent);
  }
  return result.append(text);
}

}  // namespace exitledger
