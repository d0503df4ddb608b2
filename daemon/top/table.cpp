// SPDX-License-Identifier: MIT
#include "top/table.h"

#include <fmt/format.h>

#include <functional>

#include "top/text.h"

namespace exitledger::top {
namespace {

constexpr std::size_t kWide = 100;  ///< from here on there is room for what is nice to have
constexpr std::size_t kCount = 12, kShare = 5, kRate = 9, kTime = 7, kResidual = 6;
constexpr std::string_view kNotKnown = "-";

struct Column {
  std::string title;
  std::size_t width = 0;  ///< 0: what the others leave
  Align align = Align::kRight;
  std::optional<SortBy> sort;
  std::function<std::string(const Row&)> cell;
};

std::string number_cell(const Row& row) { return row.number ? std::to_string(*row.number) : ""; }
std::string share_cell(const Row& row) { return fmt::format("{:.1f}", row.share); }

std::string rate_cell(const Row& row) {
  if (row.gone) return "gone";
  return row.rate ? rate_text(*row.rate, kRate) : std::string{kNotKnown};
}

std::string time_cell(const Row& row) {
  if (!row.time || row.time->exits == 0) return std::string{kNotKnown};
  return time_text(static_cast<double>(row.time->sum_ns) / static_cast<double>(row.time->exits));
}

std::string leaf_cell(const Row& row) {
  return row.reading ? count_text(row.reading->leaf, kCount) : std::string{kNotKnown};
}

std::string residual_cell(const Row& row) {
  return row.reading ? signed_text(row.reading->residual, kResidual) : std::string{kNotKnown};
}

Column name_column(std::string title) {
  return {std::move(title), 0, Align::kLeft, SortBy::kName, [](const Row& row) { return row.name; }};
}

Column number_column(std::string title, std::size_t width) {
  return {std::move(title), width, Align::kRight, SortBy::kNumber, number_cell};
}

void add_counts(std::vector<Column>& columns) {
  columns.push_back(
      {"TOTAL", kCount, Align::kRight, SortBy::kTotal, [](const Row& row) { return count_text(row.total, kCount); }});
  columns.push_back({"%", kShare, Align::kRight, std::nullopt, share_cell});
  columns.push_back({"RATE/s", kRate, Align::kRight, SortBy::kRate, rate_cell});
}

std::vector<Column> reason_columns(bool host, bool wide) {
  std::vector<Column> columns;
  if (wide) columns.push_back(number_column("NR", 6));
  columns.push_back(name_column("REASON"));
  add_counts(columns);
  if (!host) return columns;
  columns.push_back({"T/EXIT", kTime, Align::kRight, std::nullopt, time_cell});
  columns.push_back({"LEAF", kCount, Align::kRight, std::nullopt, leaf_cell});
  columns.push_back({"RESID", kResidual, Align::kRight, std::nullopt, residual_cell});
  columns.push_back(
      {"V", 1, Align::kLeft, std::nullopt, [](const Row& row) { return std::string(1, verdict_mark(row)); }});
  return columns;
}

Column busiest_column(std::size_t width) {
  return {"BUSIEST", width, Align::kLeft, std::nullopt, [](const Row& row) { return row.busiest; }};
}

std::vector<Column> vm_columns(bool wide) {
  std::vector<Column> columns{
      number_column("VM", 6),
      name_column("NAME"),
      {"PID", 7, Align::kRight, std::nullopt, [](const Row& row) { return std::to_string(row.pid); }},
      {"VCPU", 4, Align::kRight, std::nullopt, [](const Row& row) { return std::to_string(row.vcpus); }}};
  add_counts(columns);
  columns.push_back(busiest_column(wide ? 25 : 14));
  return columns;
}

std::vector<Column> vcpu_columns() {
  std::vector<Column> columns{number_column("VCPU", 8)};
  add_counts(columns);
  columns.push_back(busiest_column(0));
  return columns;
}

std::vector<Column> columns_for(TableKind kind, std::size_t columns) {
  const bool wide = columns >= kWide;
  switch (kind) {
    case TableKind::kHostReasons: return reason_columns(true, wide);
    case TableKind::kReasons: return reason_columns(false, wide);
    case TableKind::kVms: return vm_columns(wide);
    case TableKind::kVcpus: return vcpu_columns();
  }
  return {};
}

std::string line(TableKind kind, std::size_t width, const std::function<std::string(const Column&)>& cell) {
  const std::vector<Column> columns = columns_for(kind, width);
  std::size_t fixed = columns.size() - 1;  // a blank between two
  for (const Column& column : columns) fixed += column.width;
  std::string text;
  for (const Column& column : columns) {
    if (!text.empty()) text += ' ';
    text += fitted(cell(column), column.width > 0 ? column.width : width - fixed, column.align);
  }
  return text;
}

}  // namespace

char verdict_mark(const Row& row) {
  if (!row.reading) return ' ';
  switch (row.reading->verdict) {
    case Verdict::kAgrees: return '=';
    case Verdict::kWithinBracket: return '~';
    case Verdict::kCannotTell: return '?';
    case Verdict::kDisagrees: return '!';
  }
  return '?';
}

std::string header_line(TableKind kind, Order order, std::size_t columns) {
  return line(kind, columns, [order](const Column& column) {
    if (column.sort != order.by) return column.title;
    const bool most_first = (order.by == SortBy::kRate || order.by == SortBy::kTotal) != order.reversed;
    return column.title + (most_first ? " v" : " ^");
  });
}

std::string row_line(TableKind kind, const Row& row, std::size_t columns) {
  return line(kind, columns, [&row](const Column& column) { return column.cell(row); });
}

}  // namespace exitledger::top
