// SPDX-License-Identifier: MIT
#include "top/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "model/units.h"
#include "top/text.h"

namespace exitledger::top {
namespace {

constexpr std::size_t kLinesAbove = 5;  // three of the summary, the title, the header
constexpr std::string_view kKeys = "q quit  h help  s sort  r reverse  p pause  1 reasons  2 VMs  Enter in  Esc out";

constexpr std::array kHelp{
    "q          leave",
    "1, 2       reasons of the host; VMs",
    "Enter      of a reason: the VMs that have it; of a VM: its vCPUs;",
    "           of a vCPU: its reasons",
    "x          reasons of the selected VM or vCPU",
    "Esc, <-    back",
    "arrows, j k, PgUp PgDn, Home End, g G   select a row; the selection follows it",
    "s or o     sort by rate, total, name, number; r turns the order",
    "p, blank   pause: figures stand still; again: they go on",
    "",
    "TOTAL      since the session began; of a VM or vCPU since its first exit",
    "%          of the totals shown",
    "RATE/s     of the last interval; '-' where that is not known: no interval yet,",
    "           or a counter that fell",
    "T/EXIT     mean time from exit to the next entry, in the last interval",
    "LEAF       the patched KVM's count at the last reading of the leaf",
    "RESID      exits that nothing explains, as of that reading",
    "V          = both books agree, ~ within bracket, ? cannot tell, ! they disagree",
    "",
    "A key goes on.",
};

std::string session_line(const LiveSample& now) {
  if (!now.session) {
    if (!now.detached_because.empty()) return "exitledger top  not attached: " + now.detached_because;
    return "exitledger top  no session: no KVM vendor module is loaded";
  }
  const LiveSession& session = *now.session;
  return fmt::format("exitledger top  session {}{}  {}, {} paging", session.id,
                     session.name.empty() ? "" : " \"" + session.name + "\"", module_name(session.vendor),
                     to_string(session.paging));
}

Line exits_line(const Interval& interval) {
  const LiveSample& now = *interval.now;
  if (!now.session) return {};
  const Sum sum = sum_of(reason_rows(interval));
  std::size_t vcpus = 0;
  for (const LiveVm& vm : now.vms) vcpus += vm.each.size();
  const std::uint64_t lost = now.session->lost;
  const std::uint64_t lost_by_vcpus = now.session->lost_by_vcpus;
  const std::string rate = interval.ns() && sum.rate ? rate_text(*sum.rate, 9) : "-";
  return {fmt::format("{} exits, {}/s  {} VMs, {} vCPUs  lost {}{}", sum.total, rate, now.vms.size(), vcpus, lost,
                      lost_by_vcpus > 0 ? fmt::format(", {} by vCPUs alone", lost_by_vcpus) : ""),
          lost + lost_by_vcpus > 0 ? Style::kBad : Style::kPlain};
}

std::string age_text(const LiveSample& now) {
  if (!now.session->read_ns) return "not read yet";
  const double ns = static_cast<double>(now.time_ns) - static_cast<double>(*now.session->read_ns);
  return fmt::format("read {:.0f} s ago", std::max(ns, 0.0) / kNsPerSecond<double>);
}

// Worst first: a verdict of one witness must not hide another's.
Line verdict_line(const LiveSample& now) {
  if (!now.session) return {};
  const LiveSession& session = *now.session;
  if (!session.laws_broken.empty()) return {"BREAKS " + session.laws_broken.front(), Style::kBad};
  const bool third_disagrees = session.third == Verdict::kDisagrees;
  const Style style = session.verdict == Verdict::kDisagrees || third_disagrees ? Style::kBad : Style::kPlain;
  std::string text = fmt::format("books: {}, {}", to_string(session.verdict), age_text(now));
  if (third_disagrees) text += "; KVM's own statistics disagree";
  if (!session.why.empty()) text += "; " + session.why;
  return {text, style};
}

Line table_line(TableKind kind, const Row& row, bool selected, std::size_t columns) {
  const Style style = verdict_mark(row) == '!' ? Style::kBad : Style::kPlain;
  return {row_line(kind, row, columns), selected ? Style::kSelected : style};
}

// The row from which on they are shown: the selected one stays in sight.
std::size_t first_shown(std::size_t selected, std::size_t count, std::size_t room) {
  if (count <= room || selected < room / 2) return 0;
  return std::min(selected - room / 2, count - room);
}

std::string mode_text(const View& view, const Surroundings& around) {
  if (view.paused()) return "PAUSED";
  return around.own_books ? "no daemon, own books, every " + around.interval : "every " + around.interval;
}

void add_table(std::vector<Line>& lines, const View& view, const Interval& interval, std::size_t room,
               std::size_t columns) {
  const std::vector<Row> rows = view.rows(interval);
  lines.push_back({view.title(interval), Style::kBold});
  lines.push_back({header_line(view.place().kind, view.order(), columns), Style::kHeader});
  const std::size_t selected = view.selected(rows);
  const std::size_t first = first_shown(selected, rows.size(), room);
  for (std::size_t at = first; at < std::min(rows.size(), first + room); ++at)
    lines.push_back(table_line(view.place().kind, rows[at], at == selected, columns));
}

// What stands right of a line, if there is room for it.
void put_right(std::string& text, const std::string& right, std::size_t columns) {
  const std::size_t used = columns_of(text), wanted = columns_of(right) + 1;
  if (used + wanted <= columns) text = fitted(text, columns - wanted) + " " + right;
}

std::vector<Line> too_small(Size size) {
  return {{fmt::format("{}x{} is too small: {}x{} is the least", size.columns, size.lines, kSmallest.columns,
                       kSmallest.lines)}};
}

}  // namespace

std::size_t rows_that_fit(Size size, const Surroundings& around) {
  if (size.lines < kSmallest.lines || size.columns < kSmallest.columns) return 0;
  return size.lines - kLinesAbove - 1 - (around.notice.empty() ? 0 : 1);
}

std::vector<Line> summary(const Interval& interval) {
  if (!interval.now) return {{"exitledger top"}, {}, {}};
  return {{session_line(*interval.now), Style::kBold}, exits_line(interval), verdict_line(*interval.now)};
}

std::vector<Line> page(const View& view, const Interval& interval, const Surroundings& around, Size size) {
  const std::size_t room = rows_that_fit(size, around);
  std::vector<Line> lines;
  if (size.lines == 0) return lines;
  if (room == 0) {
    lines = too_small(size);
  } else if (view.help()) {
    for (const char* text : kHelp) lines.push_back({text});
  } else {
    lines = summary(interval);
    put_right(lines[0].text, mode_text(view, around), size.columns);
    add_table(lines, view, interval, room, size.columns);
  }
  const std::size_t last = size.lines - 1;
  lines.resize(size.lines);
  if (room > 0) {
    if (!around.notice.empty()) lines[last - 1] = {around.notice, Style::kBad};
    lines[last] = {std::string{kKeys}, Style::kHeader};
  }
  for (std::size_t at = 0; at < lines.size(); ++at)
    lines[at].text = fitted(lines[at].text, size.columns - (at == last ? 1 : 0));
  return lines;
}

}  // namespace exitledger::top
