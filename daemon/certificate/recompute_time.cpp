// SPDX-License-Identifier: MIT
// The books of time of a document, judged again from their rounds and the stated rate; the parts of time out.
#include <algorithm>
#include <map>

#include "certificate/recompute_parts.h"
#include "crosscheck/time_check.h"

namespace exitledger {
namespace {

using TimeRounds = std::map<Place, TimeRound>;

TimeRounds by_place(const std::vector<TimeRound>& rounds, std::string_view key, Findings& findings) {
  TimeRounds placed;
  for (const TimeRound& round : rounds)
    if (!placed.try_emplace({round.cpu, round.reason}, round).second)
      findings.refute(fmt::format("time.reasons.raw.{}", key),
                      fmt::format("CPU {} stands twice for reason {}", round.cpu, round.reason));
  return placed;
}

std::map<Reason, TimeSums> sums_of(const TimeResult& time, Findings& findings) {
  const TimeRounds starts = by_place(time.start, "start", findings), newest = by_place(time.raw, "rounds", findings);
  std::map<Reason, TimeSums> rows;
  for (const auto& [place, round] : newest) {
    const auto found = starts.find(place);
    const TimeRound start = found == starts.end() ? round : found->second;
    const std::string where = fmt::format("CPU {}, reason {}", place.cpu, place.reason);
    if (found == starts.end()) findings.refute("time.reasons.raw.rounds", where + " has no start");
    if (round.leaf_cycles < start.leaf_cycles || round.ebpf_ns < start.ebpf_ns || round.intervals < start.intervals)
      findings.refute("time.reasons.raw.rounds", where + " is below its start");
    TimeSums& row = rows[place.reason];
    row.cycles += round.leaf_cycles - start.leaf_cycles;
    row.ns += round.ebpf_ns - start.ebpf_ns;
    row.intervals += round.intervals - start.intervals;
  }
  for (const auto& [place, start] : starts)
    if (!newest.contains(place))
      findings.refute("time.reasons.raw.start", fmt::format("CPU {}, reason {} has no round", place.cpu, place.reason));
  return rows;
}

/// Nothing could be told of the whole, so of no row, whatever its figures are.
bool time_is_untold(const Session& session) {
  const TimeResult& time = session.time;
  return time.verdict == TimeVerdict::kCannotTell &&
         std::all_of(time.reasons.begin(), time.reasons.end(), [&](const TimeRow& row) {
           return row.verdict == TimeVerdict::kCannotTell && row.why == time.why;
         });
}

void check_row(const Session& session, const TimeRow& stated, const TimeSums& sums, const std::string& path,
               Findings& findings) {
  const TimeResult& time = session.time;
  // Only where the probe came later a vCPU can be older than it.
  const bool older = !session.began_at_load && stated.verdict == TimeVerdict::kCannotTell;
  const TimeRow row = judge_time(stated.reason, sums, {time.rate_hz, time.rate_error_ppb, time.gap_ns, older});
  findings.expect(path + ".exits", stated.exits, row.exits, "the rounds give");
  findings.expect(path + ".leaf_cycles", stated.leaf_cycles, row.leaf_cycles, "the rounds give");
  findings.expect(path + ".ebpf_ns", stated.ebpf_ns, row.ebpf_ns, "the rounds give");
  findings.expect(path + ".leaf_ns", stated.leaf_ns, row.leaf_ns, "cycles over the rate are");
  findings.expect(path + ".difference_ns", stated.difference_ns, row.difference_ns, "leaf less eBPF is");
  findings.expect(path + ".least_ns", stated.least_ns, row.least_ns, "the bound is");
  findings.expect(path + ".most_ns", stated.most_ns, row.most_ns, "the bound is");
  check_why(path, stated.verdict == TimeVerdict::kWithinBound, stated.why, findings);
  if (time_is_untold(session)) return;
  findings.expect(path + ".verdict", to_string(stated.verdict), to_string(row.verdict), "difference and bounds give");
  findings.expect(path + ".why", stated.why, row.why, "difference and bounds give");
}

void check_whole(const Session& session, Findings& findings) {
  const TimeResult& time = session.time;
  check_why("time", time.verdict == TimeVerdict::kWithinBound, time.why, findings);
  if (time.verdict == TimeVerdict::kCannotTell && time_is_untold(session)) return;
  TimeVerdict worst = TimeVerdict::kWithinBound;
  for (const TimeRow& row : time.reasons) worst = std::max(worst, row.verdict);
  findings.expect("time.verdict", to_string(time.verdict), to_string(worst), "the worst of its rows is");
  if (const std::uint64_t lost = session.losses.of_durations(); lost > 0)
    findings.refute("time.verdict", fmt::format("states \"{}\", {} intervals may be missing in the eBPF book",
                                                to_string(time.verdict), lost));
}

}  // namespace

void check_times_out(const Session& session, Findings& findings) {
  // While exits go on the three sums are of three instants.
  if (!session.times_out || !at_rest(session)) return;
  std::size_t i = 0;
  for (const auto& entry : *session.times_out) {
    const TimeOut& time = entry.second;
    const std::string path = fmt::format("times_out[{}]", i++);
    if (!time.away) continue;
    const auto [user_ns, scheduled_out_ns] = *time.away;
    if (user_ns > time.sum_ns || scheduled_out_ns > time.sum_ns - user_ns)
      findings.refute(path + ".user_ns", fmt::format("states {}, with {} of scheduled_out_ns: more than sum_ns, {}",
                                                     user_ns, scheduled_out_ns, time.sum_ns));
  }
}

void check_time(const Session& session, Findings& findings) {
  const TimeResult& time = session.time;
  const std::map<Reason, TimeSums> sums = sums_of(time, findings);
  if (time.rate_hz == 0) {
    if (!time.reasons.empty()) findings.refute("time.rate_hz", "states 0 (not known), and there are rows");
  } else {
    for (std::size_t i = 0; i < time.reasons.size(); ++i) {
      const auto found = sums.find(time.reasons[i].reason);
      check_row(session, time.reasons[i], found == sums.end() ? TimeSums{} : found->second,
                fmt::format("time.reasons[{}]", i), findings);
    }
  }
  check_whole(session, findings);
}

}  // namespace exitledger
