// SPDX-License-Identifier: MIT
#include "session/time_json.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "crosscheck/time_check.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

Json rounds_of(Reason reason, const std::vector<TimeRound>& all) {
  Json rounds = Json::array();
  for (const TimeRound& round : all)
    if (round.reason == reason)
      rounds.push_back({{"cpu", round.cpu},
                        {"leaf_cycles", round.leaf_cycles},
                        {"ebpf_ns", round.ebpf_ns},
                        {"intervals", round.intervals}});
  return rounds;
}

std::vector<TimeRound> rounds_from(const JsonFields& fields, std::string_view key, Reason reason) {
  std::vector<TimeRound> rounds;
  fields.each(key, [&](const JsonFields& round) {
    rounds.push_back({static_cast<std::uint32_t>(round.natural("cpu", std::numeric_limits<std::uint32_t>::max())),
                      reason, round.natural("leaf_cycles"), round.natural("ebpf_ns"), round.natural("intervals")});
  });
  return rounds;
}

void append(std::vector<TimeRound>& to, const std::vector<TimeRound>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

Json row_json(Vendor vendor, const TimeResult& time, const TimeRow& row) {
  return {{"number", row.reason},
          {"name", reason_label(vendor, row.reason)},
          {"exits", row.exits},
          {"leaf_cycles", row.leaf_cycles},
          {"leaf_ns", row.leaf_ns},
          {"ebpf_ns", row.ebpf_ns},
          {"difference_ns", row.difference_ns},
          {"least_ns", row.least_ns},
          {"most_ns", row.most_ns},
          {"verdict", to_string(row.verdict)},
          {"why", row.why},
          {"raw", {{"start", rounds_of(row.reason, time.start)}, {"rounds", rounds_of(row.reason, time.raw)}}}};
}

}  // namespace

Json time_json(Vendor vendor, const TimeResult& time) {
  Json rows = Json::array();
  for (const TimeRow& row : time.reasons) rows.push_back(row_json(vendor, time, row));
  return {{"verdict", to_string(time.verdict)},
          {"why", time.why},
          {"rate_hz", time.rate_hz},
          {"rate_error_ppb", time.rate_error_ppb},
          {"gap_ns_per_exit", time.gap_ns},
          {"interruption_ns", TimeBound::kInterruptionNs},
          {"reasons", std::move(rows)}};
}

TimeResult time_from(const JsonFields& fields) {
  TimeResult time;
  time.verdict = named(fields, "verdict", kTimeVerdicts);
  time.why = fields.text("why");
  time.rate_hz = fields.natural("rate_hz");
  time.rate_error_ppb = fields.natural("rate_error_ppb");
  time.gap_ns = fields.integer("gap_ns_per_exit");
  fields.each("reasons", [&](const JsonFields& row) {
    TimeRow read;
    read.reason = static_cast<Reason>(row.natural("number", std::numeric_limits<Reason>::max()));
    read.exits = row.natural("exits");
    read.leaf_cycles = row.natural("leaf_cycles");
    read.leaf_ns = row.integer("leaf_ns");
    read.ebpf_ns = row.integer("ebpf_ns");
    read.difference_ns = row.integer("difference_ns");
    read.least_ns = row.integer("least_ns");
    read.most_ns = row.integer("most_ns");
    read.verdict = named(row, "verdict", kTimeVerdicts);
    read.why = row.text("why");
    const JsonFields raw = row.object("raw");
    append(time.start, rounds_from(raw, "start", read.reason));
    append(time.raw, rounds_from(raw, "rounds", read.reason));
    time.reasons.push_back(std::move(read));
  });
  return time;
}

}  // namespace exitledger
