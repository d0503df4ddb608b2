// SPDX-License-Identifier: MIT
#include "compare/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "compare/facts.h"
#include "crosscheck/laws.h"

namespace exitledger {
namespace {

struct Counted {
  NetBooks books;
  bool proven = false;
};

/// One run's books.
struct RunCounts {
  std::map<Reason, Counted> rows;
  Counted nothing;  ///< what a reason without a row is: 0 in both books, if there is a second one
};

std::uint64_t less_own(std::uint64_t count, std::uint64_t own) { return count - std::min(count, own); }

/// Per summand, net of own where a reading tells them apart.
std::map<Reason, Counted> rows_of(const Session& session) {
  std::map<Reason, Counted> counts;
  for (const ReasonVerdict& row : session.reasons) {
    if (!is_summand(row.reason)) continue;
    counts[row.reason] = {{less_own(row.ebpf, row.own), less_own(row.leaf, row.own)}, row.verdict == Verdict::kAgrees};
  }
  if (!session.reasons.empty()) return counts;
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
    const auto reason = reason_at(session.vendor, index);
    if (session.ebpf.at[index] == 0 || !reason || !is_summand(*reason)) continue;
    const Reason label = is_defined(session.vendor, *reason) ? *reason : kReasonUnknown;
    counts[label].books.ebpf += session.ebpf.at[index];
  }
  return counts;
}

RunCounts counts_of(const Session& session) {
  Counted nothing{{}, session.verdict == Verdict::kAgrees};
  if (!session.reasons.empty()) nothing.books.leaf = 0;
  return {rows_of(session), nothing};
}

Counted counted(const RunCounts& run, Reason reason) {
  const auto found = run.rows.find(reason);
  return found != run.rows.end() ? found->second : run.nothing;
}

Counted total_of(const RunCounts& run) {
  Counted sum = run.nothing;
  for (const auto& [reason, row] : run.rows) {
    sum.books.ebpf += row.books.ebpf;
    if (row.books.leaf) sum.books.leaf = sum.books.leaf.value_or(0) + *row.books.leaf;
    // A row of the reader's own exits alone is none of the comparison's.
    const bool is_shown = row.books.ebpf > 0 || row.books.leaf.value_or(0) > 0;
    sum.proven = sum.proven && (row.proven || !is_shown);
  }
  return sum;
}

/// What the runs of one side had of one figure. A leaf only where each had one.
ComparedExits exits_of(const std::vector<Counted>& runs) {
  std::vector<std::uint64_t> ebpf, leaf;
  for (const Counted& run : runs) {
    ebpf.push_back(run.books.ebpf);
    if (run.books.leaf) leaf.push_back(*run.books.leaf);
  }
  ComparedExits exits;
  exits.spread = spread_of(ebpf);
  exits.books.ebpf = exits.spread.median;
  if (!runs.empty() && leaf.size() == runs.size()) exits.books.leaf = spread_of(leaf).median;
  return exits;
}

bool all_proven(const std::vector<Counted>& runs) {
  return !runs.empty() && std::all_of(runs.begin(), runs.end(), [](const Counted& run) { return run.proven; });
}

ComparedReason compared(Reason reason, std::string name, const std::vector<Counted>& a, const std::vector<Counted>& b) {
  ComparedReason row;
  row.reason = reason;
  row.name = std::move(name);
  row.a = exits_of(a);
  row.b = exits_of(b);
  const std::uint64_t in_a = row.a.books.ebpf, in_b = row.b.books.ebpf;
  row.difference = static_cast<std::int64_t>(in_b - in_a);
  if (in_a > 0) row.ratio = static_cast<double>(in_b) / static_cast<double>(in_a);
  row.proven = all_proven(a) && all_proven(b);
  return row;
}

bool happened(const std::vector<Counted>& runs) {
  return std::any_of(runs.begin(), runs.end(),
                     [](const Counted& run) { return run.books.ebpf > 0 || run.books.leaf.value_or(0) > 0; });
}

void add_shares(std::vector<ComparedReason>& rows) {
  double grew = 0, shrank = 0;
  for (const ComparedReason& row : rows) (row.difference > 0 ? grew : shrank) += static_cast<double>(row.difference);
  for (ComparedReason& row : rows)
    if (row.difference != 0) row.share = static_cast<double>(row.difference) / (row.difference > 0 ? grew : shrank);
}

void add_exits(Comparison& comparison, const std::vector<RunCounts>& a, const std::vector<RunCounts>& b) {
  std::set<Reason> reasons;
  for (const auto* runs : {&a, &b})
    for (const RunCounts& run : *runs)
      for (const auto& entry : run.rows) reasons.insert(entry.first);
  const auto of = [](const std::vector<RunCounts>& runs, const auto& figure) {
    std::vector<Counted> counts;
    std::transform(runs.begin(), runs.end(), std::back_inserter(counts), figure);
    return counts;
  };
  for (const Reason reason : reasons) {
    const auto figure = [reason](const RunCounts& run) { return counted(run, reason); };
    const std::vector<Counted> in_a = of(a, figure), in_b = of(b, figure);
    if (happened(in_a) || happened(in_b))
      comparison.reasons.push_back(compared(reason, reason_label(comparison.a.vendor, reason), in_a, in_b));
  }
  add_shares(comparison.reasons);
  comparison.total = compared(kReasonAll, "total", of(a, total_of), of(b, total_of));
}

bool one_vendor(const Operand& a, const Operand& b) {
  const auto same = [&](const Session& session) { return session.vendor == a.runs.front().vendor; };
  return std::all_of(a.runs.begin(), a.runs.end(), same) && std::all_of(b.runs.begin(), b.runs.end(), same);
}

std::vector<RunCounts> counts_of(const Operand& operand) {
  std::vector<RunCounts> runs;
  for (const Session& session : operand.runs) runs.push_back(counts_of(session));
  return runs;
}

ComparedRun compared_run(const Session& session, bool alone) {
  return {.id = session.id,
          .number = alone || !session.run ? 0 : session.run->number,
          .verdict = session.verdict,
          .why = session.why,
          .laws_broken = session.laws_broken,
          .losses = session.losses.of_host_book(),
          .rounds = session.rounds,
          .epoch = session.epoch,
          .exits = total_of(counts_of(session)).books.ebpf,
          .started_unix_ns = session.started_unix_ns,
          .ended_unix_ns = session.ended_unix_ns};
}

void add_run(ComparedSide& side, const Session& session, bool alone) {
  const ComparedRun& run = side.runs.emplace_back(compared_run(session, alone));
  if (side.runs.size() == 1 || worst(side.verdict, run.verdict) != side.verdict) {
    side.verdict = run.verdict;
    side.why = run.why;
  }
  side.losses += run.losses;
  side.rounds += run.rounds;
  if (session.reasons.empty()) side.own_counted += session.own_exits;
  for (const BrokenLaw& law : run.laws_broken) {
    const auto same = std::find_if(side.laws_broken.begin(), side.laws_broken.end(),
                                   [&](const BrokenLaw& known) { return known.law == law.law; });
    if (same == side.laws_broken.end())
      side.laws_broken.push_back(law);
    else
      same->count += law.count;
  }
  for (const SessionVm& vm : session.vms)
    if (!vm.name.empty() && std::find(side.vms.begin(), side.vms.end(), vm.name) == side.vms.end())
      side.vms.push_back(vm.name);
}

ComparedSide side_of(const Operand& operand) {
  const Session& first = operand.runs.front();
  ComparedSide side;
  side.experiment = operand.experiment;
  side.mode = operand.mode;
  side.id = operand.is_session() ? first.id : "";
  side.name = operand.is_session() ? first.name : operand.experiment + "/" + operand.mode;
  side.kernel = first.kernel;
  side.cpu = first.cpu;
  if (first.run) side.command = first.run->command;
  side.vendor = first.vendor;
  side.paging = first.paging;
  side.has_laws = has_laws(first.vendor, first.paging);
  side.left_out = operand.left_out;
  for (const Session& session : operand.runs) add_run(side, session, operand.is_session());
  return side;
}

}  // namespace

std::optional<bool> ComparedReason::ranges_overlap() const {
  if (a.spread.n < 2 && b.spread.n < 2) return std::nullopt;
  return a.spread.min <= b.spread.max && b.spread.min <= a.spread.max;
}

Comparison compare(const Operand& a, const Operand& b) {
  Comparison comparison;
  comparison.a = side_of(a);
  comparison.b = side_of(b);
  add_objections(comparison, a, b);
  add_notes(comparison, a, b);
  if (!one_vendor(a, b)) {
    comparison.objections.emplace_back("the vendors differ: their exit reasons are not the same events");
    comparison.total = compared(kReasonAll, "total", {}, {});
    return comparison;
  }
  add_exits(comparison, counts_of(a), counts_of(b));
  comparison.times = compared_times(a, b);
  comparison.mmu = compared_mmu(a, b);
  return comparison;
}

bool Comparison::splits_time() const {
  return std::any_of(times.begin(), times.end(),
                     [](const ComparedTime& row) { return (row.a && row.a->where) || (row.b && row.b->where); });
}

Comparison compare(const Session& a, const Session& b) { return compare(operand_of(a), operand_of(b)); }

}  // namespace exitledger
