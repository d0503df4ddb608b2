// SPDX-License-Identifier: MIT
// The comparison as Markdown with tables (GitHub's flavour).
#include <fmt/format.h>

#include "base/escape.h"
#include "base/text.h"
#include "compare/compare.h"
#include "compare/format.h"

namespace exitledger {
namespace {

/// A table's head and the line below it; the first `left` columns are aligned at the left.
std::string head(const std::vector<std::string>& heads, std::size_t left) {
  std::string names = "|", rule = "|";
  for (std::size_t i = 0; i < heads.size(); ++i) {
    names += " " + heads[i] + " |";
    rule += i < left ? "---|" : "--:|";
  }
  return names + "\n" + rule + "\n";
}

std::string line(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) text += " " + markdown_escaped(cell) + " |";
  return text + "\n";
}

std::string list_of(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += "- " + markdown_escaped(item) + "\n";
  return text.empty() ? "" : text + "\n";
}

std::string number_of(Reason reason) { return reason == kReasonAll ? "" : std::to_string(reason); }

std::string certificate_table(const Comparison& comparison) {
  std::string text = head({"", "A", "B"}, 3);
  for (const CertificateLine& row : certificate(comparison)) text += line({row.name, row.a, row.b});
  return text + "\n";
}

template <typename Row>
std::string lines_of(const Comparison& comparison, const Row& row) {
  std::string text;
  for (const ComparedReason& reason : comparison.reasons) text += row(reason);
  return text + row(comparison.total) + "\n";
}

std::string exits_table(const Comparison& comparison) {
  return "## Exits\n\n" + markdown_escaped(exits_caption(comparison)) + "; " + std::string(kShareMeaning) + ".\n\n" +
         head({"no.", "reason", "A eBPF", "A leaf", "B eBPF", "B leaf", "B - A", "B/A", "share", ""}, 2) +
         lines_of(comparison, [](const ComparedReason& row) {
           return line({number_of(row.reason), row.name, grouped(row.a.books.ebpf), leaf_text(row.a.books),
                        grouped(row.b.books.ebpf), leaf_text(row.b.books), signed_text(row.difference),
                        ratio_text(row.ratio), share_text(row.share),
                        std::string(row.proven ? "" : "!") + (may_be_chance(row) ? "~" : "")});
         });
}

std::string repeats_table(const Comparison& comparison) {
  if (!comparison.repeats()) return {};
  return "## Over the runs\n\n" + markdown_escaped(method_text(comparison)) + "\n\n" +
         head({"no.", "reason", "A", "A interval", "B", "B interval"}, 2) +
         lines_of(comparison, [](const ComparedReason& row) {
           return line({number_of(row.reason), row.name, range_text(row.a.spread, " to "),
                        interval_text(row.a.spread, " to "), range_text(row.b.spread, " to "),
                        interval_text(row.b.spread, " to ")});
         });
}

std::string times_table(const Comparison& comparison) {
  if (comparison.times.empty()) return {};
  std::string text =
      "## Time out of the guest\n\nFrom exit to the next entry, by the eBPF book, the reader's own exits "
      "included.\n\n" +
      head({"no.", "reason", "A", "B", "B/A", "A per exit", "B per exit"}, 2);
  const auto sum = [](const std::optional<ComparedTimes>& times) {
    return times ? duration_text(static_cast<double>(times->sum_ns.median)) : "absent";
  };
  const auto mean = [](const std::optional<ComparedTimes>& times) { return times ? per_exit_text(*times) : "absent"; };
  for (const ComparedTime& row : comparison.times)
    text += line({std::to_string(row.reason), row.name, sum(row.a), sum(row.b), ratio_text(row.ratio), mean(row.a),
                  mean(row.b)});
  return text + "\n";
}

std::string where_table(const Comparison& comparison) {
  if (!comparison.splits_time()) return {};
  std::vector<std::string> heads{"no.", "reason"};
  heads.insert(heads.end(), kWhereHeads.begin(), kWhereHeads.end());
  std::string text = markdown_escaped(kWhereMeaning) + "\n\n" + head(heads, 2);
  for (const ComparedTime& row : comparison.times) {
    const auto a = where_texts(row.a), b = where_texts(row.b);
    text += line({std::to_string(row.reason), row.name, a[0], a[1], a[2], b[0], b[1], b[2]});
  }
  return text + "\n";
}

std::string mmu_table(const Comparison& comparison) {
  if (comparison.mmu.empty()) return {};
  std::string text = "## KVM's MMU statistics\n\n" + head({"statistic", "A", "B", "B - A"}, 1);
  for (const ComparedStat& row : comparison.mmu)
    text += line({row.name, stat_text(row.a), stat_text(row.b),
                  row.a && row.b ? signed_text(row.b->median - row.a->median) : std::string("-")});
  return text + "\n";
}

}  // namespace

std::string to_markdown(const Comparison& comparison) {
  std::string text = "# VM exits, A beside B\n\n";
  if (!comparison.objections.empty()) text += "**Not a sound comparison:**\n\n" + list_of(comparison.objections);
  text += certificate_table(comparison);
  if (!comparison.notes.empty()) text += "Notes:\n\n" + list_of(comparison.notes);
  text += markdown_escaped(paragraph(comparison)) + "\n\n";
  text += exits_table(comparison) + repeats_table(comparison) + times_table(comparison) + where_table(comparison) +
          mmu_table(comparison);
  text.pop_back();  // one newline at the end, no blank line
  return text;
}

}  // namespace exitledger
