// SPDX-License-Identifier: MIT
#include "session/session_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "session/run_json.h"
#include "session/session_json_parts.h"
#include "session/third_witness_json.h"
#include "session/time_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
using session_json::kLosses;
using session_json::kNoCalibration;
using session_json::Total;
using session_json::total_of;

Json round_json(const Round& round) {
  return {{"cpu", round.cpu},          {"ebpf_before", round.ebpf_before},
          {"leaf", round.leaf},        {"ebpf_after", round.ebpf_after},
          {"window", round.window},    {"own", round.own},
          {"question", round.question}};
}

Json rounds_of(Reason reason, std::span<const Round> all) {
  Json rounds = Json::array();
  for (const Round& round : all)
    if (round.reason == reason) rounds.push_back(round_json(round));
  return rounds;
}

// How the rounds behind a verdict were taken: "exact" is both books of one instant each.
std::string_view class_of(Reason reason, std::span<const Round> all) {
  const auto of_reason = [reason](const Round& round) { return round.reason == reason; };
  const auto is_wide = [&](const Round& round) {
    return of_reason(round) && (round.window != 0 || round.ebpf_before != round.ebpf_after);
  };
  if (std::none_of(all.begin(), all.end(), of_reason)) return "none";
  return std::any_of(all.begin(), all.end(), is_wide) ? "bracket" : "exact";
}

Json row_json(const Session& session, const ReasonVerdict& row) {
  return {{"number", row.reason},
          {"name", reason_label(session.vendor, row.reason)},
          {"ebpf", row.ebpf},
          {"leaf", row.leaf},
          {"own", row.own},
          {"residual", row.residual},
          {"verdict", to_string(row.verdict)},
          {"class", class_of(row.reason, session.raw)},
          {"why", row.why},
          {"raw", {{"start", rounds_of(row.reason, session.start)}, {"rounds", rounds_of(row.reason, session.raw)}}}};
}

/// Rounds of reasons that neither book counted: the evidence that there is no row.
Json rounds_without_row(const Session& session, std::span<const Round> all) {
  Json rounds = Json::array();
  for (const Round& round : all) {
    const auto has_row = [&](const ReasonVerdict& row) { return row.reason == round.reason; };
    if (std::any_of(session.reasons.begin(), session.reasons.end(), has_row)) continue;
    Json json{{"number", round.reason}};
    json.update(round_json(round));
    rounds.push_back(std::move(json));
  }
  return rounds;
}

Json losses_json(const Losses& losses) {
  Json causes = Json::object();
  for (const el_loss cause : kLosses) causes[std::string(loss_label(cause))] = losses.cause.at(cause);
  return causes;
}

Json book_json(const Session& session) {
  Json book = Json::array();
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
    if (session.ebpf.at[index] == 0) continue;
    const auto reason = reason_at(session.vendor, index);
    book.push_back({{"index", index},
                    {"name", reason ? reason_label(session.vendor, *reason) : ""},
                    {"count", session.ebpf.at[index]}});
  }
  return book;
}

Json laws_json(const Session& session) {
  Json laws = Json::array();
  for (const BrokenLaw& law : session.laws_broken) {
    laws.push_back({{"law", law.law},
                    {"reason", law.reason},
                    {"name", reason_label(session.vendor, law.reason)},
                    {"count", law.count}});
  }
  return laws;
}

Json calibration_json(const Session& session) {
  if (!session.calibration) return {{"verdict", kNoCalibration}, {"why", ""}};
  return {{"verdict", to_string(session.calibration->verdict)}, {"why", session.calibration->why}};
}

Json rows_json(const Session& session, bool summands) {
  Json rows = Json::array();
  for (const ReasonVerdict& row : session.reasons) {
    if (is_summand(row.reason) == summands) rows.push_back(row_json(session, row));
  }
  return rows;
}

}  // namespace

std::string_view state_of(const Session& session) {
  if (session.interrupted) return "interrupted";
  return session.running() ? "running" : "ended";
}

Json to_json(const Session& session) {
  const Total total = total_of(session);
  return {{"id", session.id},
          {"name", session.name},
          {"vendor", to_string(session.vendor)},
          {"paging", to_string(session.paging)},
          {"verdict", to_string(session.verdict)},
          {"why", session.why},
          {"laws_broken", laws_json(session)},
          {"losses", session.losses.of_host_book()},
          {"total", {{"ebpf", total.ebpf}, {"leaf", total.leaf}}},
          {"exits", session.ebpf.all()},
          {"own_exits", session.own_exits},
          {"state", state_of(session)},
          {"kernel", session.kernel},
          {"cpu", session.cpu},
          {"epoch", fmt::format("{:#018x}", session.epoch)},
          {"started_unix_ns", session.started_unix_ns},
          {"ended_unix_ns", session.ended_unix_ns},
          {"began_at_load", session.began_at_load},
          {"leaf", to_string(session.leaf)},
          {"leaf_detail", session.leaf_detail},
          {"rounds", session.rounds},
          {"questions", session.questions},
          {"last_exact_unix_ns", session.last_exact_unix_ns},
          {"calibration", calibration_json(session)},
          {"third_witness", third_witness_json(session.third)},
          {"parameters", Json(session.parameters)},
          {"reasons", rows_json(session, true)},
          {"pseudo", rows_json(session, false)},
          {"start_without_row", rounds_without_row(session, session.start)},
          {"rounds_without_row", rounds_without_row(session, session.raw)},
          {"time", time_json(session.vendor, session.time)},
          {"book", book_json(session)},
          {"run", run_json(session.run)},
          {"hypercalls", hypercalls_json(session.hypercalls)},
          {"mmu", mmu_json(session.mmu)},
          {"times_out", times_out_json(session.vendor, session.times_out)},
          {"vms", vms_json(session.vms)},
          {"vms_left_out", session.vms_left_out},
          {"losses_by_cause", losses_json(session.losses)},
          {"recursion_misses", Json(session.losses.recursion_misses)}};
}

Json result_document(std::span<const Session> sessions, const std::map<std::string, std::string>& metrics) {
  Json list = Json::array();
  for (const Session& session : sessions) list.push_back(to_json(session));
  return {{"sessions", std::move(list)}, {"metrics", Json(metrics)}};
}

}  // namespace exitledger
