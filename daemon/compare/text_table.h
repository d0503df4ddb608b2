// SPDX-License-Identifier: MIT
// Tables of numbers for a terminal: number and name of a row at the left, columns aligned at the right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace exitledger {

class TextTable {
 public:
  static constexpr std::size_t kColumns = 100;

  explicit TextTable(std::vector<std::string> heads) : heads_(std::move(heads)) {}

  /// `number` may be empty; as many cells as heads. `mark` stands behind the row, outside of its columns.
  void add(std::string number, std::string name, std::vector<std::string> cells, std::string mark = {});

  /// Whether it keeps within kColumns without cutting names.
  [[nodiscard]] bool fits() const;

  /// Head `first` above the names. Names are cut to keep within kColumns, to kLeastName characters at least; numbers
  /// are never cut.
  [[nodiscard]] std::string text(std::string_view first) const;

 private:
  static constexpr std::size_t kNumberWidth = 6, kGap = 2, kLeastName = 8;
  struct Row {
    std::string number, name;
    std::vector<std::string> cells;
    std::string mark;
  };

  [[nodiscard]] std::vector<std::size_t> widths() const;
  [[nodiscard]] std::size_t taken() const;  ///< by all but the names
  [[nodiscard]] std::size_t longest_name() const;

  std::vector<std::string> heads_;
  std::vector<Row> rows_;
};

}  // namespace exitledger
