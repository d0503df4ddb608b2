// SPDX-License-Identifier: MIT
// Text that a person, a VM or a file chose, made harmless for where it goes. Bytes that are no UTF-8 become U+FFFD.
#pragma once

#include <string>
#include <string_view>

namespace exitledger {

/// For a terminal and for one line: '?' for control characters, and for those that reorder or hide what follows.
[[nodiscard]] std::string printable(std::string_view text);

/// Cut to that many characters, a dot standing for what is missing; printable().
[[nodiscard]] std::string fitted(std::string_view text, std::size_t characters);

/// Characters of UTF-8 text, as a terminal without wide ones takes columns.
[[nodiscard]] std::size_t characters(std::string_view text);

/// For the content and the attributes of HTML and XML; printable() first.
[[nodiscard]] std::string html_escaped(std::string_view text);

/// One field of RFC 4180, in quotes where it needs them; printable() first, but line ends stay. A spreadsheet runs what
/// begins with '=', '+', '-' or '@', blanks and line ends before it aside: such text gets an apostrophe before it; a
/// lone '-' is harmless. Not for numbers.
[[nodiscard]] std::string csv_text(std::string_view text);

/// Plain text in Markdown, also in a table's cell; printable() first.
[[nodiscard]] std::string markdown_escaped(std::string_view text);

}  // namespace exitledger
