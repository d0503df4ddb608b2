// SPDX-License-Identifier: MIT
// The comparison as JSON. Every key is in exitledger-compare(1); keys may be added, none goes or changes its meaning.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "compare/compare.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

template <typename T>
void add_spread(Json& json, const Spread<T>& spread) {
  json["n"] = spread.n;
  json["min"] = spread.min;
  json["max"] = spread.max;
  json["interval"] = nullptr;
  if (const auto& interval = spread.interval)
    json["interval"] = {{"low", interval->low}, {"high", interval->high}, {"coverage", interval->coverage}};
}

template <typename T>
Json spread_json(const Spread<T>& spread) {
  Json json{{"value", spread.median}};
  add_spread(json, spread);
  return json;
}

Json exits_json(const ComparedExits& exits) {
  Json json{{"ebpf", exits.books.ebpf}, {"leaf", or_null(exits.books.leaf)}};
  add_spread(json, exits.spread);
  return json;
}

Json row_json(const ComparedReason& row) {
  return {{"number", row.reason},         {"name", row.name},
          {"a", exits_json(row.a)},       {"b", exits_json(row.b)},
          {"difference", row.difference}, {"ratio", or_null(row.ratio)},
          {"share", row.share},           {"ranges_overlap", or_null(row.ranges_overlap())},
          {"proven", row.proven}};
}

Json times_json(const std::optional<ComparedTimes>& times) {
  if (!times) return nullptr;
  Json json{{"sum_ns", times->sum_ns.median}, {"ns_per_exit", or_null(times->ns_per_exit)}};
  add_spread(json, times->sum_ns);
  const auto& where = times->where;
  json["kvm_ns"] = where ? spread_json(where->kvm_ns) : Json();
  json["user_ns"] = where ? spread_json(where->user_ns) : Json();
  json["scheduled_out_ns"] = where ? spread_json(where->scheduled_out_ns) : Json();
  return json;
}

Json stat_json(const std::optional<Spread<std::int64_t>>& spread) { return spread ? spread_json(*spread) : Json(); }

Json laws_json(const std::vector<BrokenLaw>& broken) {
  Json laws = Json::array();
  for (const BrokenLaw& law : broken) laws.push_back(law.law);
  return laws;
}

Json run_json(const ComparedRun& run) {
  return {{"id", run.id},
          {"number", run.number},
          {"verdict", to_string(run.verdict)},
          {"why", run.why},
          {"laws_broken", laws_json(run.laws_broken)},
          {"losses", run.losses},
          {"rounds", run.rounds},
          {"epoch", fmt::format("{:#018x}", run.epoch)},
          {"exits", run.exits},
          {"started_unix_ns", run.started_unix_ns},
          {"ended_unix_ns", run.ended_unix_ns}};
}

Json side_json(const ComparedSide& side) {
  Json runs = Json::array(), left_out = Json::array();
  for (const ComparedRun& run : side.runs) runs.push_back(run_json(run));
  for (const LeftOut& run : side.left_out)
    left_out.push_back({{"id", run.id}, {"number", run.number}, {"why", run.why}});
  return {{"id", side.id},
          {"name", side.name},
          {"experiment", side.experiment},
          {"mode", side.mode},
          {"vendor", to_string(side.vendor)},
          {"paging", to_string(side.paging)},
          {"kernel", side.kernel},
          {"cpu", side.cpu},
          {"command", side.command},
          {"vms", side.vms},
          {"verdict", to_string(side.verdict)},
          {"why", side.why},
          {"losses", side.losses},
          {"rounds", side.rounds},
          {"laws_checked", side.has_laws},
          {"laws_broken", laws_json(side.laws_broken)},
          {"runs", std::move(runs)},
          {"left_out", std::move(left_out)}};
}

}  // namespace

Json to_json(const Comparison& comparison) {
  Json rows = Json::array(), times = Json::array(), mmu = Json::array();
  for (const ComparedReason& row : comparison.reasons) rows.push_back(row_json(row));
  for (const ComparedTime& row : comparison.times)
    times.push_back({{"number", row.reason},
                     {"name", row.name},
                     {"a", times_json(row.a)},
                     {"b", times_json(row.b)},
                     {"ratio", or_null(row.ratio)}});
  for (const ComparedStat& row : comparison.mmu)
    mmu.push_back({{"name", row.name}, {"a", stat_json(row.a)}, {"b", stat_json(row.b)}});
  return {{"sound", comparison.objections.empty()},
          {"objections", comparison.objections},
          {"notes", comparison.notes},
          {"method", kIntervalMethod},
          {"a", side_json(comparison.a)},
          {"b", side_json(comparison.b)},
          {"total", row_json(comparison.total)},
          {"reasons", std::move(rows)},
          {"times", std::move(times)},
          {"mmu", std::move(mmu)},
          {"paragraph", paragraph(comparison)}};
}

}  // namespace exitledger
