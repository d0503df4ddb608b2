// SPDX-License-Identifier: MIT
#include "crosscheck/published_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/escape.h"
#include "base/text.h"
#include "exit_index.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kHeader = "reason,ept,shadow";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // of a spreadsheet's "CSV UTF-8"
constexpr std::size_t kCells = 3;
constexpr std::size_t kQuoted = 60;  // characters of a file that nobody vouches for

Failure wrong(std::size_t line, std::string what) {
  return fail("read the table", fmt::format("line {}", line), std::move(what));
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; (end = text.find(at)) != std::string_view::npos; text.remove_prefix(end + 1))
    parts.push_back(text.substr(0, end));
  parts.push_back(text);
  return parts;
}

std::vector<std::string_view> lines_of(std::string_view csv) {
  if (csv.starts_with(kByteOrderMark)) csv.remove_prefix(kByteOrderMark.size());
  if (csv.ends_with('\n')) csv.remove_suffix(1);
  std::vector<std::string_view> lines = split(csv, '\n');
  for (std::string_view& line : lines)
    if (line.ends_with('\r')) line.remove_suffix(1);
  return lines;
}

Result<std::optional<std::uint64_t>> count_from(std::string_view cell, std::size_t line) {
  if (cell.empty()) return std::nullopt;
  std::uint64_t count = 0;
  const char* const end = cell.data() + cell.size();
  if (const auto [stop, error] = std::from_chars(cell.data(), end, count); error == std::errc{} && stop == end)
    return count;
  return wrong(line, fmt::format("'{}' is no count: digits alone, below 2^64, or nothing where none is stated",
                                 fitted(cell, kQuoted)));
}

Result<PublishedRow> row_from(std::string_view text, std::size_t line) {
  const std::vector<std::string_view> cells = split(text, ',');
  if (cells.size() != kCells)
    return wrong(line, fmt::format("has {} cell{}, must have {}: reason,ept,shadow, counts without separators",
                                   cells.size(), cells.size() == 1 ? "" : "s", kCells));
  const auto reason = reason_from(Vendor::kVmx, cells[0]);
  if (!reason || *reason >= EL_INDEX_DIRECT)  // nor a total, nor a flag
    return wrong(line, fmt::format("'{}' is no exit reason of VMX: its number (48) or the kernel's name "
                                   "(EPT_VIOLATION)",
                                   fitted(cells[0], kQuoted)));
  const auto ept = count_from(cells[1], line), shadow = count_from(cells[2], line);
  if (!ept) return tl::unexpected{ept.error()};
  if (!shadow) return tl::unexpected{shadow.error()};
  return PublishedRow{*reason, *ept, *shadow};
}

Json count_json(const std::optional<std::uint64_t>& count) { return count ? Json(*count) : Json(nullptr); }

std::string count_text(const std::optional<std::uint64_t>& count) { return count ? grouped(*count) : "-"; }

const PublishedRow& row_of(const PublishedTable& table, Reason reason) {
  return *std::find_if(table.begin(), table.end(), [&](const PublishedRow& row) { return row.reason == reason; });
}

std::string finding_text(const PublishedTable& table, const TableFinding& finding) {
  std::string text = fmt::format("\n{}: {}\n{}\n", finding.impossible ? "impossible" : "suspicious", finding.rule,
                                 wrapped(finding.what, 100));
  text += fmt::format("  {:<26} {:>18} {:>18}\n", "", "ept", "shadow");
  for (const Reason reason : finding.reasons) {
    const PublishedRow& row = row_of(table, reason);
    text += fmt::format("  {:>5} {:<20} {:>18} {:>18}\n", reason, reason_label(Vendor::kVmx, reason),
                        count_text(row.ept), count_text(row.shadow));
  }
  return text;
}

}  // namespace

Result<PublishedTable> published_table_from(std::string_view csv) {
  const std::vector<std::string_view> lines = lines_of(csv);
  if (lines.front() != kHeader)
    return wrong(1, fmt::format("is '{}', must be '{}'", fitted(lines.front(), kQuoted), kHeader));
  PublishedTable table;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    auto row = row_from(lines[i], i + 1);
    if (!row) return tl::unexpected{row.error()};
    const auto same = [&](const PublishedRow& each) { return each.reason == row->reason; };
    if (std::any_of(table.begin(), table.end(), same))
      return wrong(i + 1, fmt::format("reason {} stands there a second time", row->reason));
    table.push_back(*row);
  }
  if (table.empty()) return wrong(2, "is missing: the table has no row");
  std::sort(table.begin(), table.end(), [](const auto& a, const auto& b) { return a.reason < b.reason; });
  return table;
}

Json to_json(const PublishedTable& table, const TableJudgement& judgement) {
  Json findings = Json::array();
  for (const TableFinding& finding : judgement.findings) {
    Json rows = Json::array();
    for (const Reason reason : finding.reasons) {
      const PublishedRow& row = row_of(table, reason);
      rows.push_back({{"number", reason},
                      {"name", reason_label(Vendor::kVmx, reason)},
                      {"ept", count_json(row.ept)},
                      {"shadow", count_json(row.shadow)}});
    }
    findings.push_back({{"impossible", finding.impossible},
                        {"rule", finding.rule},
                        {"reasons", std::move(rows)},
                        {"what", finding.what}});
  }
  return {{"verdict", judgement.impossible() ? "impossible" : "possible"},
          {"rows", table.size()},
          {"judged", judgement.judged},
          {"findings", std::move(findings)}};
}

std::string to_text(const PublishedTable& table, const TableJudgement& judgement, std::string_view name) {
  std::string text =
      fmt::format("{}: {} ({} row{})\n", printable(name), judgement.impossible() ? "impossible" : "possible",
                  table.size(), table.size() == 1 ? "" : "s");
  if (judgement.judged.empty())
    text += "No law speaks of a row that is stated: nothing here could have contradicted.\n";
  for (const TableFinding& finding : judgement.findings) text += finding_text(table, finding);
  text.pop_back();
  return text;
}

}  // namespace exitledger
