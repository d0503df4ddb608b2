// SPDX-License-Identifier: MIT
// Charts as rows of HTML with one inline SVG per bar: positions are percentages, so that bars take the room that there
// is and text keeps its size, on a phone as on a desktop.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/escape.h"
#include "base/text.h"
#include "compare/format.h"
#include "compare/html_parts.h"
#include "compare/log_scale.h"

namespace exitledger {
namespace {

constexpr double kLeftOfOne = 0.5;      // a count of 1 has a bar, too
constexpr double kHeadroom = 1.15;      // so that the longest bar ends within its track
constexpr std::size_t kLongValue = 12;  // characters; beyond, a phone has them below the bar
constexpr std::size_t kDifferencesShown = 12;

/// One bar: a figure of one side.
struct Bar {
  std::string_view side;  ///< "A", "B"
  double value = 0;
  std::optional<double> second;  ///< where the leaf's book ends
  double least = 0, most = 0;
  std::optional<MedianInterval<double>> interval;
  std::string text;   ///< the value's label
  std::string title;  ///< the bar in words
};

struct Row {
  std::string name, number;
  std::vector<Bar> bars;
  double order = 0;  ///< rows with more come first
};

std::string grid(const LogScale& scale) {
  std::string text;
  for (const LogScale::Tick& tick : scale.ticks(1))
    text += fmt::format(R"(<line class="grid" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="100%"/>)", tick.percent);
  return text;
}

std::string vertical(std::string_view kind, double percent, int from, int to) {
  return fmt::format(R"(<line class="{0}" x1="{1:.2f}%" x2="{1:.2f}%" y1="{2}" y2="{3}"/>)", kind, percent, from, to);
}

std::string horizontal(std::string_view kind, double from, double to, int y) {
  return fmt::format(R"(<line class="{0}" x1="{1:.2f}%" x2="{2:.2f}%" y1="{3}" y2="{3}"/>)", kind, from, to, y);
}

/// Range and interval below the bar; an end at 0 has no cap, the axis has no such place.
std::string whiskers(const Bar& bar, const LogScale& scale) {
  if (bar.most <= 0) return {};
  constexpr int kY = 22;
  const double from = scale.percent(bar.least), to = scale.percent(bar.most);
  std::string text = horizontal("range", from, to, kY) + vertical("range", to, kY - 4, kY + 4);
  if (bar.least > 0) text += vertical("range", from, kY - 4, kY + 4);
  if (bar.interval && bar.interval->high > 0)
    text += horizontal("interval", scale.percent(bar.interval->low), scale.percent(bar.interval->high), kY);
  return text;
}

std::string bar_svg(const Bar& bar, const LogScale& scale, bool ranged) {
  std::string marks = grid(scale);
  if (bar.value > 0)
    marks += fmt::format(R"(<rect class="{}" x="0" y="3" width="{:.2f}%" height="10"/>)", bar.side == "A" ? "a" : "b",
                         scale.percent(bar.value));
  else
    marks += R"(<text class="zero" x="3" y="12">0</text>)";
  if (bar.second && *bar.second > 0) marks += vertical("leaf", scale.percent(*bar.second), 0, 15);
  if (ranged) marks += whiskers(bar, scale);
  return fmt::format(R"(<svg role="img"><title>{}</title>{}</svg>)", html_escaped(bar.title), marks);
}

std::string bar_html(const Bar& bar, const LogScale& scale, bool ranged) {
  return fmt::format(R"(<div class="bar"><b>{}</b>{}<span class="value">{}</span></div>)", bar.side,
                     bar_svg(bar, scale, ranged), html_escaped(bar.text));
}

std::string bar_html(const Row& row, const LogScale& scale, bool ranged) {
  std::string bars;
  for (const Bar& bar : row.bars) bars += bar_html(bar, scale, ranged);
  return fmt::format(R"(<div class="row"><div class="what">{} <span class="quiet">{}</span></div><div>{}</div></div>)"
                     "\n",
                     html_escaped(row.name), row.number, bars);
}

/// How an axis is labelled: as many labels as a phone has room for.
struct Labels {
  std::string (*text)(double);
  int at_most;
};

std::string axis_html(const LogScale& scale, const Labels& labels) {
  std::string texts;
  for (const LogScale::Tick& tick : scale.ticks(labels.at_most)) {
    if (!tick.labelled) continue;
    const std::string_view anchor = tick.percent > 92 ? "end" : tick.percent < 5 ? "start" : "middle";
    texts += fmt::format(R"(<text x="{:.2f}%" y="12" text-anchor="{}">{}</text>)", tick.percent, anchor,
                         labels.text(tick.value));
  }
  return fmt::format(R"(<div class="row axis" aria-hidden="true"><div class="what"></div><div><div class="bar"><span>)"
                     R"(</span><svg>{}</svg><span class="value"></span></div></div></div>)"
                     "\n",
                     texts);
}

std::string legend_item(std::string_view marks, const std::string& text) {
  return fmt::format(R"(<li><svg aria-hidden="true">{}</svg>{}</li>)", marks, html_escaped(text));
}

std::string legend_html(const Comparison& comparison, bool both_books, bool ranged) {
  const auto side = [](std::string_view name, const ComparedSide& of) {
    return fmt::format("{}: {}", name, to_string(of.paging));
  };
  std::string items =
      legend_item(R"(<rect class="a" x="0" y="3" width="100%" height="10"/>)", side("A", comparison.a)) +
      legend_item(R"(<rect class="b" x="0" y="3" width="100%" height="10"/>)", side("B", comparison.b));
  if (both_books) items += legend_item(vertical("leaf", 50, 0, 16), "where the leaf's book ends; the bar is eBPF's");
  if (ranged)
    items += legend_item(horizontal("range", 5, 95, 8) + vertical("range", 5, 4, 12) + vertical("range", 95, 4, 12),
                         "least to most of the runs; it begins at the left edge where the least is 0");
  const bool has_interval = median_ranks(comparison.a.runs.size()) || median_ranks(comparison.b.runs.size());
  if (ranged && has_interval) items += legend_item(horizontal("interval", 5, 95, 8), std::string(kIntervalMethod));
  return fmt::format(R"(<ul class="legend">{}</ul>)", items);
}

/// The width of the values' column is the same in all rows: bars of one length are of one size.
std::string open_figure(const std::vector<Row>& rows, bool ranged, std::string_view name) {
  std::size_t longest = 1;
  for (const Row& row : rows)
    for (const Bar& bar : row.bars) longest = std::max(longest, characters(bar.text));
  return fmt::format(R"(<figure class="{}{}" style="--value: {}ch" aria-label="{}">)", ranged ? "ranged" : "single",
                     longest > kLongValue ? " long" : "", longest + 1, name);
}

std::string chart_html(const Comparison& comparison, std::vector<Row> rows, const LogScale& scale, bool both_books,
                       const Labels& labels, std::string_view name, std::string_view caption) {
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.order > b.order; });
  const bool ranged = comparison.repeats();
  std::string text = open_figure(rows, ranged, name);
  text += fmt::format("<figcaption>{}</figcaption>{}\n", caption, legend_html(comparison, both_books, ranged));
  text += axis_html(scale, labels);
  for (const Row& row : rows) text += bar_html(row, scale, ranged);
  return text + "</figure>\n";
}

template <typename T>
void set_spread(Bar& bar, const Spread<T>& spread) {
  bar.value = static_cast<double>(spread.median);
  bar.least = static_cast<double>(spread.min);
  bar.most = static_cast<double>(spread.max);
  if (const auto& interval = spread.interval)
    bar.interval = {static_cast<double>(interval->low), static_cast<double>(interval->high), interval->coverage};
}

std::string range_words(const Spread<std::uint64_t>& spread, std::string (*text)(double)) {
  if (spread.n < 2) return {};
  std::string words = fmt::format("; {} runs from {} to {}", spread.n, text(static_cast<double>(spread.min)),
                                  text(static_cast<double>(spread.max)));
  if (const auto& interval = spread.interval)
    words += fmt::format(", {:.1f} % interval of the median {} to {}", 100 * interval->coverage,
                         text(static_cast<double>(interval->low)), text(static_cast<double>(interval->high)));
  return words;
}

std::string count_words(double count) { return grouped(static_cast<std::uint64_t>(count)); }

Bar exits_bar(std::string_view side, const ComparedReason& row, const ComparedExits& exits) {
  Bar bar;
  bar.side = side;
  set_spread(bar, exits.spread);
  if (exits.books.leaf) bar.second = static_cast<double>(*exits.books.leaf);
  bar.text = grouped(exits.books.ebpf);
  if (!exits.books.leaf)
    bar.text += ", no leaf";
  else if (*exits.books.leaf != exits.books.ebpf)
    bar.text += ", leaf " + grouped(*exits.books.leaf);
  bar.title = fmt::format("{}, {}: {} exits by eBPF, {} by the leaf{}", side, row.name, grouped(exits.books.ebpf),
                          leaf_text(exits.books), range_words(exits.spread, count_words));
  return bar;
}

Bar times_bar(std::string_view side, const ComparedTime& row, const ComparedTimes& times) {
  Bar bar;
  bar.side = side;
  set_spread(bar, times.sum_ns);
  bar.text = duration_text(bar.value);
  bar.title = fmt::format("{}, {}: {} out of the guest, {} per exit{}", side, row.name, bar.text, per_exit_text(times),
                          range_words(times.sum_ns, duration_text));
  return bar;
}

double most_of(const std::vector<Row>& rows) {
  double most = 1;
  for (const Row& row : rows)
    for (const Bar& bar : row.bars) most = std::max({most, bar.value, bar.most, bar.second.value_or(0)});
  return most;
}

/// The least figure above 0, as a power of ten below it.
double decade_below(const std::vector<Row>& rows) {
  double least = most_of(rows);
  for (const Row& row : rows)
    for (const Bar& bar : row.bars)
      for (const double value : {bar.value, bar.least})
        if (value > 0) least = std::min(least, value);
  return std::pow(10.0, std::floor(std::log10(least * 0.999)));
}

/// One row: a bar left or right of 0.
std::string difference_row(const ComparedReason& row, double zero, double per_exit) {
  const double end = zero + static_cast<double>(row.difference) * per_exit;
  const bool grew = row.difference > 0;
  const std::string words = fmt::format("{} ({})", signed_text(row.difference), share_text(row.share));
  return fmt::format(
      R"(<div class="row"><div class="what">{0} <span class="quiet">{1}</span></div><div><div class="bar"><b>{2}</b>)"
      R"(<svg role="img"><title>{0}: {3}, of all that {4}</title><rect class="{5}" x="{6:.2f}%" y="3" )"
      R"(width="{7:.2f}%" height="10"/>{8}</svg><span class="value">{3}</span></div></div></div>)"
      "\n",
      html_escaped(row.name), row.reason, grew ? "+" : "\u2212", html_escaped(words), grew ? "grew" : "shrank",
      grew ? "b" : "a", std::min(zero, end), std::abs(end - zero), vertical("leaf", zero, 0, 18));
}

}  // namespace

std::string fills_html() {
  return R"(<svg class="defs" aria-hidden="true"><defs><pattern id="b-fill" width="6" height="6" )"
         R"svg(patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="b-ground" width="6" height="6"/>)svg"
         R"(<rect class="b-line" width="3" height="6"/></pattern></defs></svg>)"
         "\n";
}

std::string exits_chart_html(const Comparison& comparison) {
  std::vector<Row> rows;
  for (const ComparedReason& row : comparison.reasons) {
    const auto order = static_cast<double>(std::max(row.a.spread.max, row.b.spread.max));
    rows.push_back(
        {row.name, std::to_string(row.reason), {exits_bar("A", row, row.a), exits_bar("B", row, row.b)}, order});
  }
  if (rows.empty()) return {};
  const LogScale scale(kLeftOfOne, most_of(rows) * kHeadroom);
  return chart_html(comparison, std::move(rows), scale, true, {count_label, 6}, "Exits by reason",
                    "Logarithmic: from one line to the next is ten times as many, so lengths compare orders of "
                    "magnitude, not amounts. What never happened has no bar, but a 0.");
}

std::string times_chart_html(const Comparison& comparison) {
  std::vector<Row> rows;
  for (const ComparedTime& time : comparison.times) {
    Row row{time.name, std::to_string(time.reason), {}, 0};
    for (const auto& [side, times] : {std::pair{"A", &time.a}, std::pair{"B", &time.b}}) {
      if (!*times) continue;
      row.bars.push_back(times_bar(side, time, **times));
      row.order = std::max(row.order, row.bars.back().most);
    }
    rows.push_back(std::move(row));
  }
  if (rows.empty()) return {};
  const LogScale scale(decade_below(rows), most_of(rows) * kHeadroom);
  return chart_html(comparison, std::move(rows), scale, false, {duration_label, 4}, "Time out of the guest by reason",
                    "From exit to the next entry, by the eBPF book, the reader's own exits included. Logarithmic.");
}

std::string differences_chart_html(const Comparison& comparison) {
  std::vector<const ComparedReason*> rows;
  double least = 0, most = 0;
  for (const ComparedReason& row : comparison.reasons) {
    if (row.difference == 0) continue;
    rows.push_back(&row);
    least = std::min(least, static_cast<double>(row.difference));
    most = std::max(most, static_cast<double>(row.difference));
  }
  if (rows.empty()) return {};
  std::stable_sort(rows.begin(), rows.end(), [](const ComparedReason* a, const ComparedReason* b) {
    return std::abs(static_cast<double>(a->difference)) > std::abs(static_cast<double>(b->difference));
  });
  const std::size_t more = rows.size() - std::min(rows.size(), kDifferencesShown);
  rows.resize(rows.size() - more);
  const double per_exit = 100 / (most - least), zero = -least * per_exit;
  std::size_t longest = 1;
  std::string lines;
  for (const ComparedReason* row : rows) {
    longest = std::max(longest, signed_text(row->difference).size() + share_text(row->share).size() + 3);
    lines += difference_row(*row, zero, per_exit);
  }
  return fmt::format(
      R"(<figure class="single{}" style="--value: {}ch" aria-label="Differences by reason"><figcaption>B less A, )"
      R"(largest first; linear, so lengths are amounts. In brackets the part of all that grew (+) or shrank )"
      R"(({}).{}</figcaption>)"
      "\n{}</figure>\n",
      longest > kLongValue ? " long" : "", longest + 1, "\u2212",
      more > 0 ? fmt::format(" {} smaller differences are in the table.", more) : "", lines);
}

}  // namespace exitledger
