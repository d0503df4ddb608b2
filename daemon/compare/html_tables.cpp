// SPDX-License-Identifier: MIT
// The certificate and the figures as tables of the page.
#include <fmt/format.h>

#include "base/escape.h"
#include "base/text.h"
#include "compare/format.h"
#include "compare/html_parts.h"

namespace exitledger {
namespace {

std::string head_html(const std::vector<std::string>& heads) {
  std::string cells;
  for (const std::string& head : heads) cells += fmt::format(R"(<th scope="col">{}</th>)", head);
  return "<thead><tr>" + cells + "</tr></thead>";
}

/// `cells` are markup already.
std::string row_html(const std::string& head, const std::vector<std::string>& cells, std::string_view kind = {}) {
  std::string text =
      fmt::format(R"(<tr{}><th scope="row">{}</th>)", kind.empty() ? "" : fmt::format(R"( class="{}")", kind), head);
  for (const std::string& cell : cells) text += "<td>" + cell + "</td>";
  return text + "</tr>\n";
}

/// In a box that scrolls by itself where the page is narrow.
std::string table_html(std::string_view kind, const std::string& name, const std::vector<std::string>& heads,
                       const std::string& rows) {
  return fmt::format(R"(<div class="wide" role="region" tabindex="0" aria-label="{}"><table class="{}">{})"
                     "\n<tbody>\n{}</tbody></table></div>\n",
                     name, kind, head_html(heads), rows);
}

/// A sign and a colour for what the words say.
std::string judged_html(std::string_view verdict, const std::string& words) {
  const bool good = verdict == to_string(Verdict::kAgrees);
  const bool bad = verdict == to_string(Verdict::kDisagrees);
  return fmt::format(R"(<span class="{}">{} {}</span>)",
                     good  ? "good"
                     : bad ? "bad"
                           : "unsure",
                     good  ? "\u2713"
                     : bad ? "\u2717"
                           : "?",
                     html_escaped(words));
}

std::string laws_html(const ComparedSide& side, const std::string& words) {
  if (!side.laws_broken.empty()) return judged_html(to_string(Verdict::kDisagrees), words);
  return judged_html(to_string(side.has_laws ? Verdict::kAgrees : Verdict::kCannotTell), words);
}

std::string certificate_cell(const ComparedSide& side, const std::string& name, const std::string& text) {
  if (name == "verdict") return judged_html(to_string(side.verdict), text);
  if (name == "laws") return laws_html(side, text);
  if (name == "losses") return judged_html(to_string(side.losses == 0 ? Verdict::kAgrees : Verdict::kCannotTell), text);
  return "<bdi>" + html_escaped(text) + "</bdi>";
}

std::string law_names(const ComparedRun& run) {
  std::string names;
  for (const BrokenLaw& law : run.laws_broken) names += (names.empty() ? "" : ", ") + law.law;
  return names;
}

std::string run_html(std::string_view side, const ComparedSide& of, const ComparedRun& run) {
  const std::string laws =
      run.laws_broken.empty() ? (of.has_laws ? "kept" : "none known") : "BROKEN: " + law_names(run);
  return row_html(std::string(side),
                  {run.number > 0 ? std::to_string(run.number) : "-", html_escaped(run.id),
                   judged_html(to_string(run.verdict), std::string(to_string(run.verdict))),
                   run.laws_broken.empty() ? html_escaped(laws) : judged_html(to_string(Verdict::kDisagrees), laws),
                   grouped(run.losses), grouped(run.rounds), grouped(run.exits), fmt::format("{:#018x}", run.epoch),
                   time_text(run.started_unix_ns), run.ended_unix_ns == 0 ? "runs" : time_text(run.ended_unix_ns)});
}

std::string runs_html(const Comparison& comparison) {
  std::string rows;
  for (const auto& [name, side] : {std::pair{"A", &comparison.a}, std::pair{"B", &comparison.b}}) {
    for (const ComparedRun& run : side->runs) rows += run_html(name, *side, run);
    for (const LeftOut& run : side->left_out)
      rows += fmt::format(R"(<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td colspan="8">{}</td></tr>)"
                          "\n",
                          name, run.number, html_escaped(run.id), judged_html("", "left out: " + run.why));
  }
  return table_html("words runs", "Runs",
                    {"", "run", "session", "verdict", "laws", "losses", "rounds", "exits", "epoch", "began", "ended"},
                    rows);
}

std::string reason_html(const ComparedReason& row) {
  if (row.reason == kReasonAll) return html_escaped(row.name);
  return fmt::format(R"({} <span class="quiet">{}</span>)", html_escaped(row.name), row.reason);
}

std::string marks_of(const ComparedReason& row) {
  std::string words = row.proven ? "" : "! not proven";
  if (may_be_chance(row)) words += words.empty() ? "~ overlap" : ", ~ overlap";
  return words;
}

template <typename Row>
std::string for_rows(const Comparison& comparison, const Row& cells) {
  std::string text;
  for (const ComparedReason& row : comparison.reasons) text += row_html(reason_html(row), cells(row));
  return text + row_html(reason_html(comparison.total), cells(comparison.total), "total");
}

std::string exits_html(const Comparison& comparison) {
  return fmt::format("<h2>All exits</h2>\n<p>{}; {}.</p>\n", html_escaped(exits_caption(comparison)), kShareMeaning) +
         table_html("figures", "All exits",
                    {"reason", "A eBPF", "A leaf", "B eBPF", "B leaf", "B \u2212 A", "B/A", "share", ""},
                    for_rows(comparison, [](const ComparedReason& row) {
                      return std::vector<std::string>{
                          grouped(row.a.books.ebpf),           leaf_text(row.a.books),
                          grouped(row.b.books.ebpf),           leaf_text(row.b.books),
                          signed_text(row.difference),         html_escaped(ratio_text(row.ratio)),
                          html_escaped(share_text(row.share)), marks_of(row)};
                    }));
}

std::string repeats_html(const Comparison& comparison) {
  if (!comparison.repeats()) return {};
  return fmt::format("<h2>Over the runs</h2>\n<p>{}</p>\n", html_escaped(method_text(comparison))) +
         table_html("figures", "Over the runs",
                    {"reason", "A least \u2013 most", "A interval", "B least \u2013 most", "B interval"},
                    for_rows(comparison, [](const ComparedReason& row) {
                      return std::vector<std::string>{
                          range_text(row.a.spread, " \u2013 "), interval_text(row.a.spread, " \u2013 "),
                          range_text(row.b.spread, " \u2013 "), interval_text(row.b.spread, " \u2013 ")};
                    }));
}

std::string times_html(const Comparison& comparison) {
  if (comparison.times.empty()) return {};
  const auto sum = [](const std::optional<ComparedTimes>& times) {
    return times ? duration_text(static_cast<double>(times->sum_ns.median)) : "absent";
  };
  const auto mean = [](const std::optional<ComparedTimes>& times) { return times ? per_exit_text(*times) : "absent"; };
  std::string rows;
  for (const ComparedTime& row : comparison.times)
    rows += row_html(fmt::format(R"({} <span class="quiet">{}</span>)", html_escaped(row.name), row.reason),
                     {sum(row.a), sum(row.b), html_escaped(ratio_text(row.ratio)), mean(row.a), mean(row.b)});
  return "<h2>All times</h2>\n" +
         table_html("figures", "All times", {"reason", "A", "B", "B/A", "A per exit", "B per exit"}, rows);
}

std::string where_html(const Comparison& comparison) {
  if (!comparison.splits_time()) return {};
  std::string rows;
  for (const ComparedTime& row : comparison.times) {
    const auto a = where_texts(row.a), b = where_texts(row.b);
    rows += row_html(fmt::format(R"({} <span class="quiet">{}</span>)", html_escaped(row.name), row.reason),
                     {a[0], a[1], a[2], b[0], b[1], b[2]});
  }
  std::vector<std::string> heads{"reason"};
  heads.insert(heads.end(), kWhereHeads.begin(), kWhereHeads.end());
  return fmt::format("<p>{}.</p>\n", html_escaped(kWhereMeaning)) +
         table_html("figures", "Where that time went", heads, rows);
}

std::string mmu_html(const Comparison& comparison) {
  if (comparison.mmu.empty()) return {};
  std::string rows;
  for (const ComparedStat& row : comparison.mmu)
    rows += row_html(html_escaped(row.name),
                     {stat_text(row.a), stat_text(row.b),
                      row.a && row.b ? signed_text(row.b->median - row.a->median) : std::string("-")});
  return "<h2>KVM's MMU statistics</h2>\n" +
         table_html("figures", "KVM's MMU statistics", {"statistic", "A", "B", "B \u2212 A"}, rows);
}

}  // namespace

std::string certificate_html(const Comparison& comparison) {
  std::string rows;
  for (const CertificateLine& line : certificate(comparison))
    rows += row_html(line.name, {certificate_cell(comparison.a, line.name, line.a),
                                 certificate_cell(comparison.b, line.name, line.b)});
  return "<section id=\"certificate\"><h2>Certificate</h2>\n<table class=\"words certificate\">" +
         head_html({"", "A", "B"}) + "\n<tbody>\n" + rows + "</tbody></table>\n" + runs_html(comparison) +
         "</section>\n";
}

std::string tables_html(const Comparison& comparison) {
  return exits_html(comparison) + repeats_html(comparison) + times_html(comparison) + where_html(comparison) +
         mmu_html(comparison);
}

}  // namespace exitledger
