// SPDX-License-Identifier: MIT
#include "compare/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/escape.h"

namespace exitledger {

void TextTable::add(std::string number, std::string name, std::vector<std::string> cells, std::string mark) {
  cells.resize(heads_.size());
  rows_.push_back({std::move(number), std::move(name), std::move(cells), std::move(mark)});
}

std::vector<std::size_t> TextTable::widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    std::size_t width = heads_[i].size();
    for (const Row& row : rows_) width = std::max(width, characters(row.cells[i]));
    widths.push_back(width);
  }
  return widths;
}

std::size_t TextTable::taken() const {
  const std::vector<std::size_t> columns = widths();
  std::size_t mark = 0;
  for (const Row& row : rows_) mark = std::max(mark, row.mark.size());
  return std::accumulate(columns.begin(), columns.end(), kNumberWidth + 1 + mark + kGap * columns.size());
}

std::size_t TextTable::longest_name() const {
  std::size_t longest = kLeastName;
  for (const Row& row : rows_) longest = std::max(longest, characters(printable(row.name)));
  return longest;
}

bool TextTable::fits() const { return taken() + longest_name() <= kColumns; }

std::string TextTable::text(std::string_view first) const {
  const std::vector<std::size_t> columns = widths();
  const std::size_t room = kColumns - std::min(kColumns, taken());
  const std::size_t name_width = std::min(longest_name(), std::max(kLeastName, room));
  std::string text;
  const auto line = [&](const std::string& left, const std::vector<std::string>& cells, const std::string& mark) {
    text += left;
    for (std::size_t i = 0; i < cells.size(); ++i) text += fmt::format("{:>{}}", cells[i], kGap + columns[i]);
    text += mark;
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  };
  line(fmt::format("{:<{}}", first, kNumberWidth + 1 + name_width), heads_, "");
  for (const Row& row : rows_)
    line(fmt::format("{:>{}} {:<{}}", row.number, kNumberWidth, fitted(row.name, name_width), name_width), row.cells,
         row.mark);
  return text;
}

}  // namespace exitledger
