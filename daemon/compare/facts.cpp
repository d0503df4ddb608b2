// SPDX-License-Identifier: MIT
#include "compare/facts.h"

#include <algorithm>
#include <set>

namespace exitledger {
namespace {

/// A reason without an entry was never entered from again: 0, where time is kept at all.
TimeOut time_of(const Session& session, Reason reason) {
  const auto found = session.times_out->find(reason);
  return found != session.times_out->end() ? found->second : TimeOut{};
}

bool splits_time(const Session& session) {
  return session.times_out && std::any_of(session.times_out->begin(), session.times_out->end(),
                                          [](const auto& each) { return each.second.away.has_value(); });
}

/// nullopt unless every run says where its time went. A reason that never came in such a run took it no time.
std::optional<ComparedWhere> where_of(const Operand& operand, Reason reason) {
  std::vector<std::uint64_t> kvm, user, out;
  for (const Session& session : operand.runs) {
    if (!splits_time(session)) return std::nullopt;
    const TimeOut time = time_of(session, reason);
    if (!time.away && time.exits > 0) return std::nullopt;
    const TimeOut::Away away = time.away.value_or(TimeOut::Away{});
    // While exits go on the three are of three instants.
    const std::uint64_t elsewhere = away.user_ns + away.scheduled_out_ns;
    kvm.push_back(time.sum_ns - std::min(time.sum_ns, elsewhere));
    user.push_back(away.user_ns);
    out.push_back(away.scheduled_out_ns);
  }
  return ComparedWhere{spread_of(std::move(kvm)), spread_of(std::move(user)), spread_of(std::move(out))};
}

/// nullopt unless every run keeps time.
std::optional<ComparedTimes> times_of(const Operand& operand, Reason reason) {
  std::vector<std::uint64_t> sums;
  std::vector<double> means;
  for (const Session& session : operand.runs) {
    if (!session.times_out) return std::nullopt;
    const TimeOut time = time_of(session, reason);
    sums.push_back(time.sum_ns);
    if (time.exits > 0) means.push_back(static_cast<double>(time.sum_ns) / static_cast<double>(time.exits));
  }
  return ComparedTimes{spread_of(std::move(sums)), median_of(std::move(means)), where_of(operand, reason)};
}

/// nullopt unless every run has it.
std::optional<Spread<std::int64_t>> stat_of(const Operand& operand, const std::string& name) {
  std::vector<std::int64_t> values;
  for (const Session& session : operand.runs) {
    if (!session.mmu) return std::nullopt;
    const auto found = session.mmu->find(name);
    if (found == session.mmu->end()) return std::nullopt;
    values.push_back(found->second);
  }
  return spread_of(std::move(values));
}

/// Keys of one optional map of the sessions of both sides.
template <typename Map>
std::set<typename Map::key_type> keys_of(const Operand& a, const Operand& b, std::optional<Map> Session::*map) {
  std::set<typename Map::key_type> keys;
  for (const Operand* operand : {&a, &b})
    for (const Session& session : operand->runs)
      if (session.*map)
        for (const auto& entry : *(session.*map)) keys.insert(entry.first);
  return keys;
}

}  // namespace

std::vector<ComparedTime> compared_times(const Operand& a, const Operand& b) {
  std::vector<ComparedTime> rows;
  for (const Reason reason : keys_of(a, b, &Session::times_out)) {
    ComparedTime row;
    row.reason = reason;
    row.name = reason_label(a.runs.front().vendor, reason);
    row.a = times_of(a, reason);
    row.b = times_of(b, reason);
    if (row.a && row.b && row.a->sum_ns.median > 0)
      row.ratio = static_cast<double>(row.b->sum_ns.median) / static_cast<double>(row.a->sum_ns.median);
    if (row.a || row.b) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<ComparedStat> compared_mmu(const Operand& a, const Operand& b) {
  std::vector<ComparedStat> rows;
  for (const std::string& name : keys_of(a, b, &Session::mmu)) {
    ComparedStat row{name, stat_of(a, name), stat_of(b, name)};
    if (row.a || row.b) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace exitledger
