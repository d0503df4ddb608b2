// SPDX-License-Identifier: MIT
// The comparison as one table of RFC 4180: certificate, objections and notes first, then the figures, told apart by
// their first field.
#include <fmt/format.h>

#include "base/escape.h"
#include "compare/compare.h"
#include "compare/format.h"

namespace exitledger {
namespace {

constexpr std::string_view kHead =
    "section,number,name,a,b,difference,ratio,share,proven,a_leaf,b_leaf,a_n,a_min,a_max,a_low,a_high,a_coverage,"
    "b_n,b_min,b_max,b_low,b_high,b_coverage,a_ns_per_exit,b_ns_per_exit";

/// Fields that are empty do not apply, or are absent.
struct Record {
  std::string section, number, name, a, b, difference, ratio, share, proven, a_leaf, b_leaf;
  std::string spread_a = ",,,,,", spread_b = ",,,,,";
  std::string a_per_exit, b_per_exit;

  [[nodiscard]] std::string line() const {
    return fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", section, number, csv_text(name), a, b,
                       difference, ratio, share, proven, a_leaf, b_leaf, spread_a, spread_b, a_per_exit, b_per_exit);
  }
};

template <typename T>
std::string text_of(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "";
}

/// n, min, max, low, high, coverage
template <typename T>
std::string spread_text(const Spread<T>& spread) {
  const std::string range = fmt::format("{},{},{},", spread.n, spread.min, spread.max);
  if (!spread.interval) return range + ",,";
  return range + fmt::format("{},{},{}", spread.interval->low, spread.interval->high, spread.interval->coverage);
}

Record exits_record(const ComparedReason& row) {
  Record record;
  record.section = row.reason == kReasonAll ? "total" : "exits";
  if (row.reason != kReasonAll) record.number = std::to_string(row.reason);
  record.name = row.name;
  record.a = std::to_string(row.a.books.ebpf);
  record.b = std::to_string(row.b.books.ebpf);
  record.difference = std::to_string(row.difference);
  record.ratio = text_of(row.ratio);
  record.share = row.reason == kReasonAll ? "" : fmt::format("{}", row.share);
  record.proven = row.proven ? "yes" : "no";
  record.a_leaf = text_of(row.a.books.leaf);
  record.b_leaf = text_of(row.b.books.leaf);
  record.spread_a = spread_text(row.a.spread);
  record.spread_b = spread_text(row.b.spread);
  return record;
}

Record time_record(const ComparedTime& row) {
  Record record;
  record.section = "time_ns";
  record.number = std::to_string(row.reason);
  record.name = row.name;
  record.ratio = text_of(row.ratio);
  const auto fill = [](const std::optional<ComparedTimes>& times, std::string& sum, std::string& spread,
                       std::string& per_exit) {
    if (!times) return;
    sum = std::to_string(times->sum_ns.median);
    spread = spread_text(times->sum_ns);
    per_exit = text_of(times->ns_per_exit);
  };
  fill(row.a, record.a, record.spread_a, record.a_per_exit);
  fill(row.b, record.b, record.spread_b, record.b_per_exit);
  if (row.a && row.b)
    record.difference = std::to_string(static_cast<std::int64_t>(row.b->sum_ns.median - row.a->sum_ns.median));
  return record;
}

/// One record per place where time went.
std::string where_records(const ComparedTime& row) {
  if (!(row.a && row.a->where) && !(row.b && row.b->where)) return {};
  std::string text;
  for (const auto& [section, place] :
       {std::pair{"kvm_ns", &ComparedWhere::kvm_ns}, std::pair{"user_ns", &ComparedWhere::user_ns},
        std::pair{"scheduled_out_ns", &ComparedWhere::scheduled_out_ns}}) {
    Record record;
    record.section = section;
    record.number = std::to_string(row.reason);
    record.name = row.name;
    const auto fill = [where = place](const std::optional<ComparedTimes>& times, std::string& sum,
                                      std::string& spread) {
      if (!times || !times->where) return;
      sum = std::to_string(((*times->where).*where).median);
      spread = spread_text((*times->where).*where);
    };
    fill(row.a, record.a, record.spread_a);
    fill(row.b, record.b, record.spread_b);
    text += record.line();
  }
  return text;
}

Record stat_record(const ComparedStat& row) {
  Record record;
  record.section = "mmu";
  record.name = row.name;
  const auto fill = [](const std::optional<Spread<std::int64_t>>& stat, std::string& value, std::string& spread) {
    if (!stat) return;
    value = std::to_string(stat->median);
    spread = spread_text(*stat);
  };
  fill(row.a, record.a, record.spread_a);
  fill(row.b, record.b, record.spread_b);
  if (row.a && row.b) record.difference = std::to_string(row.b->median - row.a->median);
  return record;
}

std::string words(std::string section, const std::string& name, const std::string& a = {}, const std::string& b = {}) {
  Record record;
  record.section = std::move(section);
  record.name = name;
  record.a = csv_text(a);
  record.b = csv_text(b);
  return record.line();
}

}  // namespace

std::string to_csv(const Comparison& comparison) {
  std::string text = std::string(kHead) + "\r\n";
  for (const std::string& objection : comparison.objections) text += words("objection", objection);
  for (const CertificateLine& line : certificate(comparison)) text += words("certificate", line.name, line.a, line.b);
  for (const std::string& note : comparison.notes) text += words("note", note);
  if (comparison.repeats()) text += words("method", method_text(comparison));
  for (const ComparedReason& row : comparison.reasons) text += exits_record(row).line();
  text += exits_record(comparison.total).line();
  for (const ComparedTime& row : comparison.times) text += time_record(row).line();
  for (const ComparedTime& row : comparison.times) text += where_records(row);
  for (const ComparedStat& row : comparison.mmu) text += stat_record(row).line();
  return text;
}

}  // namespace exitledger
