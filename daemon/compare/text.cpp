// SPDX-License-Identifier: MIT
// The comparison as tables for a terminal.
#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "compare/compare.h"
#include "compare/format.h"
#include "compare/text_table.h"

namespace exitledger {
namespace {

constexpr std::size_t kColumns = TextTable::kColumns, kSideWidth = 44;

std::string number_of(Reason reason) { return reason == kReasonAll ? "" : std::to_string(reason); }

std::string mark_of(const ComparedReason& row) {
  std::string mark = row.proven ? "" : "!";
  if (may_be_chance(row)) mark += "~";
  return mark.empty() ? "" : " " + mark;
}

std::string header(const Comparison& comparison) {
  std::string text = fmt::format("{:<9} {:<{}} {}\n", "", "A", kSideWidth, "B");
  for (const CertificateLine& line : certificate(comparison))
    text +=
        fmt::format("{:<9} {:<{}} {}\n", line.name, fitted(line.a, kSideWidth), kSideWidth, fitted(line.b, kSideWidth));
  return text;
}

std::string warnings(const Comparison& comparison) {
  if (comparison.objections.empty()) return {};
  std::string text = "NOT A SOUND COMPARISON\n";
  for (const std::string& objection : comparison.objections)
    text += wrapped("  - " + printable(objection), kColumns, 4) + "\n";
  return text + "\n";
}

std::vector<const ComparedReason*> rows_and_total(const Comparison& comparison) {
  std::vector<const ComparedReason*> rows;
  for (const ComparedReason& row : comparison.reasons) rows.push_back(&row);
  rows.push_back(&comparison.total);
  return rows;
}

/// Both books side by side.
TextTable wide_exits(const Comparison& comparison) {
  TextTable table({"A eBPF", "A leaf", "B eBPF", "B leaf", "B - A", "B/A", "share"});
  for (const ComparedReason* row : rows_and_total(comparison))
    table.add(number_of(row->reason), row->name,
              {grouped(row->a.books.ebpf), leaf_text(row->a.books), grouped(row->b.books.ebpf), leaf_text(row->b.books),
               signed_text(row->difference), ratio_text(row->ratio), share_text(row->share)},
              mark_of(*row));
  return table;
}

/// The leaf's book below a row, where it does not say the same.
TextTable narrow_exits(const Comparison& comparison) {
  TextTable table({"A", "B", "B - A", "B/A", "share"});
  for (const ComparedReason* row : rows_and_total(comparison)) {
    table.add(number_of(row->reason), row->name,
              {grouped(row->a.books.ebpf), grouped(row->b.books.ebpf), signed_text(row->difference),
               ratio_text(row->ratio), share_text(row->share)},
              mark_of(*row));
    if (books_differ(*row)) table.add("", "  by the leaf", {leaf_text(row->a.books), leaf_text(row->b.books)});
  }
  return table;
}

std::string exits(const Comparison& comparison) {
  const TextTable wide = wide_exits(comparison);
  const TextTable& table = wide.fits() ? wide : narrow_exits(comparison);
  const std::string more = wide.fits() ? "" : "; both books hold the same unless a line says what the leaf has";
  return wrapped(exits_caption(comparison) + more, kColumns) + "\n" + table.text("reason") +
         std::string(kShareMeaning) + "\n";
}

void add_spread(TextTable& table, const std::string& number, const std::string& name, std::string_view side,
                const Spread<std::uint64_t>& spread) {
  const auto& interval = spread.interval;
  table.add(number, name,
            {std::string(side), grouped(spread.min), grouped(spread.max), interval ? grouped(interval->low) : "-",
             interval ? grouped(interval->high) : "-"});
}

std::string repeats(const Comparison& comparison) {
  if (!comparison.repeats()) return {};
  TextTable table({"", "least", "most", "interval from", "to"});
  for (const ComparedReason* row : rows_and_total(comparison)) {
    add_spread(table, number_of(row->reason), row->name, "A", row->a.spread);
    add_spread(table, "", "", "B", row->b.spread);
  }
  return "\n" + wrapped(method_text(comparison), kColumns) + "\n" + table.text("reason");
}

std::string times(const Comparison& comparison) {
  if (comparison.times.empty()) return {};
  TextTable table({"A", "B", "B/A", "A per exit", "B per exit"});
  const auto sum = [](const std::optional<ComparedTimes>& times) {
    return times ? duration_text(static_cast<double>(times->sum_ns.median)) : "absent";
  };
  const auto mean = [](const std::optional<ComparedTimes>& times) { return times ? per_exit_text(*times) : "absent"; };
  for (const ComparedTime& row : comparison.times)
    table.add(number_of(row.reason), row.name,
              {sum(row.a), sum(row.b), ratio_text(row.ratio), mean(row.a), mean(row.b)});
  return "\nTime from exit to the next entry, by the eBPF book, the reader's own exits included\n" +
         table.text("reason");
}

std::string where(const Comparison& comparison) {
  if (!comparison.splits_time()) return {};
  TextTable table({kWhereHeads.begin(), kWhereHeads.end()});
  for (const ComparedTime& row : comparison.times) {
    const auto a = where_texts(row.a), b = where_texts(row.b);
    table.add(number_of(row.reason), row.name, {a[0], a[1], a[2], b[0], b[1], b[2]});
  }
  return "\n" + wrapped(kWhereMeaning, kColumns) + "\n" + table.text("reason");
}

std::string mmu(const Comparison& comparison) {
  if (comparison.mmu.empty()) return {};
  TextTable table({"A", "B", "B - A"});
  for (const ComparedStat& row : comparison.mmu)
    table.add("", row.name,
              {stat_text(row.a), stat_text(row.b),
               row.a && row.b ? signed_text(row.b->median - row.a->median) : std::string("-")});
  return "\nKVM's MMU statistics\n" + table.text("statistic");
}

}  // namespace

std::string to_text(const Comparison& comparison) {
  std::string text = warnings(comparison) + header(comparison);
  for (const std::string& note : comparison.notes) text += wrapped("note      " + printable(note), kColumns, 10) + "\n";
  return text + "\n" + exits(comparison) + repeats(comparison) + times(comparison) + where(comparison) +
         mmu(comparison);
}

}  // namespace exitledger
