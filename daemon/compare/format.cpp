// SPDX-License-Identifier: MIT
#include "compare/format.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace exitledger {
namespace {

constexpr std::size_t kVmsNamed = 3;

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

std::string session_text(const ComparedSide& side) {
  if (!side.experiment.empty()) return fmt::format(R"(experiment "{}", mode "{}")", side.experiment, side.mode);
  return side.name.empty() ? side.id : fmt::format("{} \"{}\"", side.id, side.name);
}

std::string verdict_text(const ComparedSide& side) {
  const auto same = std::count_if(side.runs.begin(), side.runs.end(),
                                  [&](const ComparedRun& run) { return run.verdict == side.verdict; });
  if (!side.repeats()) return std::string(to_string(side.verdict));
  return fmt::format("{} ({} of {} runs)", to_string(side.verdict), same, side.runs.size());
}

std::string laws_text(const ComparedSide& side) {
  if (side.laws_broken.empty()) return side.has_laws ? "kept" : "none known for this vendor and mode";
  std::string text = "BROKEN:";
  for (const BrokenLaw& law : side.laws_broken) text += " " + law.law;
  return text;
}

std::string vms_text(const ComparedSide& side) {
  if (side.vms.empty()) return "none with a name";
  std::vector<std::string> names;
  for (const std::string& name : side.vms)
    if (names.size() < kVmsNamed) names.push_back(fmt::format("VM \"{}\"", name));
  const std::size_t more = side.vms.size() - names.size();
  return fmt::format("{}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

std::string epoch_text(const ComparedSide& side) {
  if (side.repeats()) return fmt::format("{}, one per run", side.runs.size());
  return side.runs.front().epoch == 0 ? "none: no leaf" : fmt::format("{:#018x}", side.runs.front().epoch);
}

std::string or_dash(const std::string& text, std::string_view words) {
  return text.empty() ? "-" : fmt::format("{}{}", words, text);
}

std::string runs(std::size_t count) { return fmt::format("{} {}", count, count == 1 ? "run" : "runs"); }

/// "ranks 1 and 6 of 6, 96.9 %"
std::string ranks_text(std::size_t n) {
  const auto ranks = median_ranks(n);
  if (!ranks) return fmt::format("none below {} runs", kRepeatsForInterval);
  return fmt::format("runs {} and {} of {} in order of size, coverage {:.1f} %", ranks->low, ranks->high, n,
                     100 * ranks->coverage);
}

}  // namespace

std::string ratio_text(const std::optional<double>& ratio) {
  if (!ratio) return "-";
  if (*ratio == 0) return "0";
  if (*ratio < 0.01) return "<0.01";
  if (*ratio < 10) return fmt::format("{:.2f}", *ratio);
  if (*ratio < 100) return fmt::format("{:.1f}", *ratio);
  return grouped(static_cast<std::uint64_t>(std::llround(*ratio)));
}

std::string grouped_signed(std::int64_t number) { return (number < 0 ? "-" : "") + grouped(magnitude(number)); }

std::string signed_text(std::int64_t number) { return (number > 0 ? "+" : "") + grouped_signed(number); }

std::string share_text(double share) {
  if (share <= 0) return "";
  return share < 0.01 ? "<1%" : fmt::format("{:.0f}%", 100 * share);
}

std::string duration_text(double ns) {
  constexpr std::array<std::pair<double, std::string_view>, 4> kUnits{
      {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}}};
  if (ns <= 0) return "0";
  for (const auto& [size, unit] : kUnits) {
    const double value = ns / size;
    // What would round up to 1,000 of this unit is 1 of the next.
    if (value < 0.9995 && size > 1) continue;
    if (value >= 99.95) return fmt::format("{} {}", grouped(static_cast<std::uint64_t>(std::llround(value))), unit);
    if (size == 1 && value == std::floor(value)) return fmt::format("{:.0f} {}", value, unit);
    return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : 1, unit);
  }
  return {};
}

std::string per_exit_text(const ComparedTimes& times) {
  return times.ns_per_exit ? duration_text(*times.ns_per_exit) : "-";
}

std::array<std::string, 3> where_texts(const std::optional<ComparedTimes>& times) {
  if (!times || !times->where) return {"-", "-", "-"};
  const auto text = [](const Spread<std::uint64_t>& spread) {
    return duration_text(static_cast<double>(spread.median));
  };
  return {text(times->where->kvm_ns), text(times->where->user_ns), text(times->where->scheduled_out_ns)};
}

std::string stat_text(const std::optional<Spread<std::int64_t>>& spread) {
  return spread ? grouped_signed(spread->median) : "absent";
}

std::string range_text(const Spread<std::uint64_t>& spread, std::string_view between) {
  return fmt::format("{}{}{}", grouped(spread.min), between, grouped(spread.max));
}

std::string interval_text(const Spread<std::uint64_t>& spread, std::string_view between) {
  if (!spread.interval) return "-";
  return fmt::format("{}{}{}", grouped(spread.interval->low), between, grouped(spread.interval->high));
}

std::string leaf_text(const NetBooks& books) { return books.leaf ? grouped(*books.leaf) : "absent"; }

bool books_differ(const ComparedReason& row) {
  return row.a.books.leaf != row.a.books.ebpf || row.b.books.leaf != row.b.books.ebpf;
}

bool may_be_chance(const ComparedReason& row) { return row.difference != 0 && row.ranges_overlap().value_or(false); }

std::string time_text(std::int64_t unix_ns) {
  if (unix_ns == 0) return "-";
  constexpr std::int64_t kNsPerS = 1'000'000'000;
  return fmt::format("{:%Y-%m-%d %H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(unix_ns / kNsPerS)));
}

std::string runs_text(const ComparedSide& side) {
  const std::string count = std::to_string(side.runs.size());
  return side.left_out.empty() ? count : fmt::format("{}, {} left out", count, side.left_out.size());
}

std::string method_text(const Comparison& comparison) {
  if (!comparison.repeats()) return {};
  const std::size_t a = comparison.a.runs.size(), b = comparison.b.runs.size();
  const std::string ranks = a == b ? ranks_text(a) : fmt::format("A: {}; B: {}", ranks_text(a), ranks_text(b));
  return fmt::format(
      "Counts are medians of {} (A) and {} (B); medians do not add up, so the total is that of the runs' totals. "
      "Interval: {} ({}).",
      runs(a), runs(b), kIntervalMethod, ranks);
}

std::string exits_caption(const Comparison& comparison) {
  const bool proven = comparison.total.proven && std::all_of(comparison.reasons.begin(), comparison.reasons.end(),
                                                             [](const ComparedReason& row) { return row.proven; });
  std::string text = "Exits net of the reader's own";
  if (comparison.a.own_counted + comparison.b.own_counted > 0) text += " where the leaf was read";
  text += "; ";
  text += proven ? "every row proven in both books" : "! marks what is not proven in both books";
  const bool chance = std::any_of(comparison.reasons.begin(), comparison.reasons.end(), may_be_chance);
  return text + (chance ? "; ~ where A's and B's runs overlap" : "");
}

std::vector<CertificateLine> certificate(const Comparison& comparison) {
  const ComparedSide &a = comparison.a, &b = comparison.b;
  std::vector<CertificateLine> lines{
      {"session", session_text(a), session_text(b)},
      {"paging", std::string(to_string(a.paging)), std::string(to_string(b.paging))},
      {"verdict", verdict_text(a), verdict_text(b)},
      {"laws", laws_text(a), laws_text(b)},
      {"losses", grouped(a.losses), grouped(b.losses)},
      {"rounds", grouped(a.rounds), grouped(b.rounds)},
  };
  if (comparison.repeats() || !a.left_out.empty() || !b.left_out.empty())
    lines.push_back({"runs", runs_text(a), runs_text(b)});
  lines.insert(lines.end(), {{"kernel", or_dash(a.kernel, ""), or_dash(b.kernel, "")},
                             {"CPU", or_dash(a.cpu, ""), or_dash(b.cpu, "")},
                             {"epoch", epoch_text(a), epoch_text(b)}});
  if (!a.command.empty() || !b.command.empty())
    lines.push_back({"command", or_dash(a.command, "$ "), or_dash(b.command, "$ ")});
  if (!a.vms.empty() || !b.vms.empty()) lines.push_back({"VMs", vms_text(a), vms_text(b)});
  return lines;
}

}  // namespace exitledger
