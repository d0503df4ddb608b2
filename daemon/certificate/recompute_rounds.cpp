// SPDX-License-Identifier: MIT
// Rounds of a document: complete, in order, and summed up in the rows.
#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "certificate/recompute_parts.h"
#include "crosscheck/crosscheck.h"

namespace exitledger {
namespace {

constexpr std::uint64_t kWrap = std::uint64_t{1} << 32;

/// A round with its place in the document.
struct Placed {
  Round round;
  std::string path;
};
using Rounds = std::map<Place, Placed>;

/// `key`: "start" or "rounds", as the document names the list within a row; `rest` names that of the others.
Rounds placed(const Session& session, std::span<const Round> all, std::string_view key, std::string_view rest,
              Findings& findings) {
  const std::vector<std::string> paths = row_paths(session);
  std::map<Reason, std::string> lists;
  for (std::size_t i = 0; i < paths.size(); ++i)
    lists[session.reasons[i].reason] = fmt::format("{}.raw.{}", paths[i], key);
  std::map<std::string, std::size_t> next;
  Rounds rounds;
  for (const Round& round : all) {
    const auto list = lists.find(round.reason);
    const std::string name = list == lists.end() ? std::string(rest) : list->second;
    const std::string path = fmt::format("{}[{}]", name, next[name]++);
    if (!rounds.try_emplace({round.cpu, round.reason}, Placed{round, path}).second)
      findings.refute(path + ".cpu", fmt::format("CPU {} stands here twice", round.cpu));
  }
  return rounds;
}

void check_starts(const Rounds& starts, Findings& findings) {
  for (const auto& [place, start] : starts) {
    findings.expect(start.path + ".ebpf_after", start.round.ebpf_after, start.round.ebpf_before,
                    "a start has one eBPF");
    findings.expect(start.path + ".window", start.round.window, 0U, "a start has");
    findings.expect(start.path + ".question", start.round.question, 0U, "a start has");
  }
}

/// Each CPU answers the same questions, 1 and so on, one round each.
void check_questions(const Session& session, const Rounds& newest, Findings& findings) {
  std::map<std::uint32_t, std::size_t> rounds_of;
  for (const auto& [place, placed] : newest) ++rounds_of[place.cpu];
  std::map<std::uint32_t, Reason> asked;  // the leaf's table is one for all CPUs
  std::set<std::pair<std::uint32_t, std::uint32_t>> seen;
  for (const auto& [place, placed] : newest) {
    const std::uint32_t question = placed.round.question;
    const std::string path = placed.path + ".question";
    if (question == 0 || question > rounds_of[place.cpu])
      findings.refute(path, fmt::format("states {}, CPU {} has {} rounds", question, place.cpu, rounds_of[place.cpu]));
    else if (!seen.emplace(place.cpu, question).second)
      findings.refute(path, fmt::format("states {}, which another round of CPU {} answers", question, place.cpu));
    else if (asked.try_emplace(question, place.reason).first->second != place.reason)
      findings.refute(path, fmt::format("states {}, by which another CPU was asked for another reason", question));
    if (question >= session.questions)
      findings.refute("questions", fmt::format("states {}, {} states {}", session.questions, path, question));
  }
}

/// One sweep reads a CPU one way: where any round of it is one point, all are.
void check_exactness(const Rounds& newest, Findings& findings) {
  const auto exact = [](const Round& round) { return round.window == 0 && round.ebpf_before == round.ebpf_after; };
  std::set<std::uint32_t> exact_cpus;
  for (const auto& [place, placed] : newest)
    if (exact(placed.round)) exact_cpus.insert(place.cpu);
  for (const auto& [place, placed] : newest) {
    if (!exact_cpus.contains(place.cpu) || exact(placed.round)) continue;
    const std::string_view from = "the rounds of this CPU are exact, so";
    findings.expect(placed.path + ".window", placed.round.window, 0U, from);
    findings.expect(placed.path + ".ebpf_after", placed.round.ebpf_after, placed.round.ebpf_before, from);
  }
}

struct RowSums {
  BookSums sums;
  std::string incomplete;  ///< why the row is more than the document shows; empty if it is not
};

/// The leaf fell by 2^32 against the other book: the row stays as it was before.
bool wrapped(const Round& start, const Round& newest) {
  return (newest.leaf - newest.ebpf_before) + kWrap == start.leaf - start.ebpf_before;
}

void add(const Placed& start, const Placed& newest, RowSums& row, Findings& findings) {
  if (wrapped(start.round, newest.round)) {
    row.incomplete = "the leaf fell by 2^32, and the counts are those of the reading before";
    return;
  }
  const auto step = [&](std::string_view key, std::uint64_t from, std::uint64_t to) {
    if (to < from)
      findings.refute(fmt::format("{}.{}", newest.path, key), fmt::format("states {}, below the start's {}", to, from));
    return to - from;
  };
  row.sums.ebpf += step("ebpf_before", start.round.ebpf_before, newest.round.ebpf_before);
  row.sums.leaf += step("leaf", start.round.leaf, newest.round.leaf);
  row.sums.own += step("own", start.round.own, newest.round.own);
}

std::map<Reason, RowSums> sums_of(const Rounds& starts, const Rounds& newest, Findings& findings) {
  std::map<Reason, RowSums> rows;
  for (const auto& [place, placed] : newest) {
    const auto start = starts.find(place);
    if (start == starts.end())
      findings.refute(placed.path + ".cpu", fmt::format("CPU {} has no start", place.cpu));
    else
      add(start->second, placed, rows[place.reason], findings);
  }
  for (const auto& [place, placed] : starts)
    if (!newest.contains(place))
      rows[place.reason].incomplete = fmt::format("CPU {} was not read in the newest reading", place.cpu);
  return rows;
}

}  // namespace

void check_rounds(const Session& session, Findings& findings) {
  const Rounds starts = placed(session, session.start, "start", "start_without_row", findings);
  const Rounds newest = placed(session, session.raw, "rounds", "rounds_without_row", findings);
  check_starts(starts, findings);
  check_questions(session, newest, findings);
  check_exactness(newest, findings);
  std::map<Reason, RowSums> sums = sums_of(starts, newest, findings);
  const std::vector<std::string> paths = row_paths(session);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const ReasonVerdict& row = session.reasons[i];
    const auto found = sums.find(row.reason);
    if (found == sums.end()) {
      findings.refute(paths[i] + ".raw.rounds", "has none, and the row must come from somewhere");
      continue;
    }
    const auto& [books, incomplete] = found->second;
    if (!incomplete.empty()) {
      findings.untold(fmt::format("{}: {}", paths[i], incomplete));
    } else {
      findings.expect(paths[i] + ".ebpf", row.ebpf, books.ebpf, "the rounds give");
      findings.expect(paths[i] + ".leaf", row.leaf, books.leaf, "the rounds give");
      findings.expect(paths[i] + ".own", row.own, books.own, "the rounds give");
    }
    sums.erase(found);
  }
  for (const auto& [place, placed] : newest) {  // what is left has no row: nothing may have happened
    const auto start = starts.find(place);
    if (!sums.contains(place.reason) || start == starts.end()) continue;
    const std::string_view from = "there is no row, and the start has";
    findings.expect(placed.path + ".ebpf_before", placed.round.ebpf_before, start->second.round.ebpf_before, from);
    findings.expect(placed.path + ".leaf", placed.round.leaf, start->second.round.leaf, from);
    findings.expect(placed.path + ".own", placed.round.own, start->second.round.own, from);
  }
}

}  // namespace exitledger
