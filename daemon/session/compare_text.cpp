// SPDX-License-Identifier: MIT
// The comparison as a table for a terminal.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "session/compare.h"

namespace exitledger {
namespace {

constexpr std::size_t kColumns = 100, kSideWidth = 44, kNumberWidth = 6, kGap = 2, kMarkWidth = 2;
constexpr std::array<std::string_view, 5> kHeads{"A eBPF", "A leaf", "B eBPF", "B leaf", "B/A"};
using Cells = std::array<std::string, kHeads.size()>;

/// Cut to a width in bytes, a dot standing for what is missing. Labels and session names may hold any text.
std::string fitted(std::string_view text, std::size_t width) {
  std::string clean(text);
  std::replace_if(
      clean.begin(), clean.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  if (clean.size() <= width) return clean;
  clean.resize(width - 1);
  clean.push_back('.');
  return clean;
}

std::string ratio_text(const ComparedReason& row) {
  if (!row.ratio) return "-";
  if (row.b.ebpf == 0) return "0";
  if (*row.ratio < 0.01) return "<0.01";
  if (*row.ratio < 10) return fmt::format("{:.2f}", *row.ratio);
  if (*row.ratio < 100) return fmt::format("{:.1f}", *row.ratio);
  return grouped(static_cast<std::uint64_t>(std::llround(*row.ratio)));
}

Cells cells_of(const ComparedReason& row) {
  const auto leaf = [](const NetBooks& books) { return books.leaf ? grouped(*books.leaf) : std::string("absent"); };
  return {grouped(row.a.ebpf), leaf(row.a), grouped(row.b.ebpf), leaf(row.b), ratio_text(row)};
}

std::string session_text(const ComparedSession& session) {
  return session.name.empty() ? session.id : fmt::format("{} \"{}\"", session.id, session.name);
}

std::string laws_text(const ComparedSession& session) {
  if (session.laws_broken.empty()) return session.has_laws ? "kept" : "none known for this vendor and mode";
  std::string text = "BROKEN:";
  for (const BrokenLaw& law : session.laws_broken) text += " " + law.law;
  return text;
}

std::string header(const Comparison& comparison) {
  std::string text;
  const auto line = [&](std::string_view name, const std::string& a, const std::string& b) {
    text += fmt::format("{:<9} {:<{}} {}\n", name, fitted(a, kSideWidth), kSideWidth, fitted(b, kSideWidth));
  };
  const ComparedSession &a = comparison.a, &b = comparison.b;
  line("", "A", "B");
  line("session", session_text(a), session_text(b));
  line("paging", std::string(to_string(a.paging)), std::string(to_string(b.paging)));
  line("verdict", std::string(to_string(a.verdict)), std::string(to_string(b.verdict)));
  line("losses", grouped(a.losses), grouped(b.losses));
  line("laws", laws_text(a), laws_text(b));
  return text;
}

std::string warnings(const Comparison& comparison) {
  std::string text;
  if (!comparison.objections.empty()) {
    text += "NOT A SOUND COMPARISON\n";
    for (const std::string& objection : comparison.objections) text += wrapped("  - " + objection, kColumns, 4) + "\n";
    text += "\n";
  }
  return text;
}

}  // namespace

std::string to_text(const Comparison& comparison) {
  std::vector<std::pair<const ComparedReason*, Cells>> rows;
  for (const ComparedReason& row : comparison.reasons) rows.emplace_back(&row, cells_of(row));
  rows.emplace_back(&comparison.total, cells_of(comparison.total));

  std::array<std::size_t, kHeads.size()> width{};
  std::size_t taken = kNumberWidth + 1 + kMarkWidth;
  for (std::size_t i = 0; i < kHeads.size(); ++i) {
    width.at(i) = kHeads.at(i).size();
    for (const auto& row : rows) width.at(i) = std::max(width.at(i), row.second.at(i).size());
    taken += kGap + width.at(i);
  }
  std::size_t name_width = std::string_view("reason").size();
  for (const auto& row : rows) name_width = std::max(name_width, row.first->name.size());
  // Numbers are never cut; five of 20 digits each leave room for a name still.
  name_width = std::min(name_width, std::max<std::size_t>(8, kColumns - std::min(kColumns, taken)));

  std::string text = warnings(comparison) + header(comparison);
  for (const std::string& note : comparison.notes) text += wrapped("note      " + note, kColumns, 10) + "\n";
  text += "\nExits net of the reader's own" +
          std::string(std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row.first->proven; })
                          ? "; every row proven in both books\n"
                          : "; ! marks what is not proven in both books\n");
  const auto line = [&](std::string_view number, std::string_view name, const auto& cells, std::string_view mark) {
    std::string one = fmt::format("{:>{}} {:<{}}", number, kNumberWidth, fitted(name, name_width), name_width);
    for (std::size_t i = 0; i < kHeads.size(); ++i) one += fmt::format("{:>{}}", cells.at(i), kGap + width.at(i));
    text += one + std::string(mark) + "\n";
  };
  line("reason", "", kHeads, "");
  for (const auto& [row, cells] : rows) {
    const bool is_total = row == &comparison.total;
    line(is_total ? "" : std::to_string(row->reason), row->name, cells, row->proven ? "" : " !");
  }
  return text;
}

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
