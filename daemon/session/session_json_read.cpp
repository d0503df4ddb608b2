// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "session/json_fields.h"
#include "session/run_json.h"
#include "session/session_json.h"
#include "session/session_json_parts.h"
#include "session/third_witness_json.h"
#include "session/time_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
using session_json::kFormerExitElsewhere;
using session_json::kLosses;
using session_json::kNoCalibration;
using session_json::Total;
using session_json::total_of;

constexpr std::array kLeafStates{LeafState::kPresent, LeafState::kAbsent, LeafState::kRefused, LeafState::kFailed};
constexpr std::array kPagings{Paging::kEpt, Paging::kShadow, Paging::kNpt};

void read_calibration(const JsonFields& fields, Session& session) {
  if (fields.text("verdict") == kNoCalibration) return;
  session.calibration = {named(fields, "verdict", kVerdicts), fields.text("why")};
}

void require(const JsonFields& fields, std::string_view key, std::uint64_t stated, std::uint64_t actual) {
  if (stated != actual)
    fields.contradict(key, fmt::format("states {}, but the rest of the document gives {}", stated, actual));
}

std::uint64_t read_epoch(const JsonFields& fields) {
  const std::string text = fields.text("epoch");
  std::uint64_t epoch = 0;
  const char* const end = text.data() + text.size();
  const bool prefixed = text.starts_with("0x") && text.size() == 18;
  if (!prefixed || std::from_chars(text.data() + 2, end, epoch, 16).ptr != end) {
    fields.object_to("epoch", "must be 0x and 16 hex digits");
  }
  return epoch;
}

Reason read_reason(const JsonFields& fields, std::string_view key) {
  return static_cast<Reason>(fields.natural(key, UINT16_MAX));
}

Round read_round(const JsonFields& fields, Reason reason) {
  Round round;
  round.cpu = static_cast<std::uint32_t>(fields.natural("cpu", UINT32_MAX));
  round.reason = reason;
  round.window = static_cast<std::uint32_t>(fields.natural("window", UINT32_MAX));
  round.ebpf_before = fields.natural("ebpf_before");
  round.leaf = fields.natural("leaf");
  round.ebpf_after = fields.natural("ebpf_after");
  round.own = fields.natural("own");
  round.question = static_cast<std::uint32_t>(fields.natural("question", UINT32_MAX));
  return round;
}

void read_rows(const JsonFields& fields, std::string_view key, bool summands, Session& session) {
  fields.each(key, [&](const JsonFields& row) {
    ReasonVerdict read;
    read.reason = read_reason(row, "number");
    read.ebpf = row.natural("ebpf");
    read.leaf = row.natural("leaf");
    read.own = row.natural("own");
    read.residual = row.integer("residual");
    read.verdict = named(row, "verdict", kVerdicts);
    read.why = row.text("why");
    if (row.text("name") != reason_label(session.vendor, read.reason))
      row.contradict("name", "is not that reason's name");
    if (is_summand(read.reason) != summands) row.contradict("number", "does not belong into this list");
    if (!session.reasons.empty() && read.reason <= session.reasons.back().reason && read.reason != kReasonAll &&
        summands == is_summand(session.reasons.back().reason)) {
      row.contradict("number", "is not above the one before it");
    }
    const JsonFields raw = row.object("raw");
    raw.each("start", [&](const JsonFields& round) { session.start.push_back(read_round(round, read.reason)); });
    raw.each("rounds", [&](const JsonFields& round) { session.raw.push_back(read_round(round, read.reason)); });
    session.reasons.push_back(std::move(read));
  });
}

/// Rows as CrossCheck::reasons() orders them: ascending, kReasonAll last.
void order_rows(std::vector<ReasonVerdict>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const ReasonVerdict& a, const ReasonVerdict& b) {
    return std::pair{a.reason == kReasonAll, a.reason} < std::pair{b.reason == kReasonAll, b.reason};
  });
}

void read_losses(const JsonFields& fields, Session& session) {
  const JsonFields causes = fields.object("losses_by_cause");
  for (const el_loss cause : kLosses) {
    const bool former = cause == EL_LOSS_EXIT_ELSEWHERE && causes.has(kFormerExitElsewhere);
    if (former && causes.has(loss_label(cause)))
      causes.contradict(kFormerExitElsewhere, "stands beside its newer name");
    session.losses.cause.at(cause) = causes.natural(former ? kFormerExitElsewhere : loss_label(cause));
  }
  fields.each_member("recursion_misses", [&](const std::string& program, const JsonFields& misses) {
    session.losses.recursion_misses[program] = misses.natural(program);
  });
  require(fields, "losses", fields.natural("losses"), session.losses.of_host_book());
}

void read_laws(const JsonFields& fields, Session& session) {
  fields.each("laws_broken", [&](const JsonFields& law) {
    session.laws_broken.push_back({law.text("law"), read_reason(law, "reason"), law.natural("count")});
  });
}

void read_books(const JsonFields& fields, Session& session) {
  read_rows(fields, "reasons", true, session);
  read_rows(fields, "pseudo", false, session);
  order_rows(session.reasons);
  const auto read_more = [&](std::string_view key, std::vector<Round>& rounds) {
    fields.each(key,
                [&](const JsonFields& round) { rounds.push_back(read_round(round, read_reason(round, "number"))); });
  };
  read_more("start_without_row", session.start);
  read_more("rounds_without_row", session.raw);
  fields.each("book", [&](const JsonFields& entry) {
    session.ebpf.at.at(entry.natural("index", EL_INDEX_COUNT - 1)) = entry.natural("count");
  });
  const JsonFields stated = fields.object("total");
  const Total total = total_of(session);
  require(stated, "ebpf", stated.natural("ebpf"), total.ebpf);
  require(stated, "leaf", stated.natural("leaf"), total.leaf);
  require(fields, "exits", fields.natural("exits"), session.ebpf.all());
}

}  // namespace

Result<SessionRead> read_session(const Json& json) {
  JsonErrors errors("read session");
  const JsonFields fields(json, "", errors);
  SessionRead read;
  Session& session = read.session;
  session.id = fields.text("id");
  session.name = fields.text("name");
  session.vendor = named(fields, "vendor", kVendors);
  session.paging = named(fields, "paging", kPagings);
  session.verdict = named(fields, "verdict", kVerdicts);
  session.why = fields.text("why");
  session.kernel = fields.text("kernel");
  session.cpu = fields.text("cpu");
  session.interrupted = fields.text("state") == "interrupted";
  session.epoch = read_epoch(fields);
  session.started_unix_ns = fields.integer("started_unix_ns");
  session.ended_unix_ns = fields.integer("ended_unix_ns");
  session.began_at_load = fields.flag("began_at_load");
  session.leaf = named(fields, "leaf", kLeafStates);
  session.leaf_detail = fields.text("leaf_detail");
  session.rounds = fields.natural("rounds");
  session.questions = static_cast<std::uint32_t>(fields.natural("questions", UINT32_MAX));
  session.last_exact_unix_ns = fields.integer("last_exact_unix_ns");
  read_calibration(fields.object("calibration"), session);
  session.third = third_witness_from(fields.object("third_witness"));
  fields.each_member("parameters", [&](const std::string& name, const JsonFields& parameters) {
    session.parameters[name] = parameters.text(name);
  });
  read_laws(fields, session);
  session.own_exits = fields.natural("own_exits");
  read_losses(fields, session);
  read_books(fields, session);
  session.time = time_from(fields.object("time"));
  session.run = run_from(fields, "run");
  session.hypercalls = hypercalls_from(fields.object("hypercalls"));
  session.mmu = mmu_from(fields, "mmu");
  session.times_out = times_out_from(fields, "times_out");
  session.vms = vms_from(fields, "vms");
  session.vms_left_out = fields.natural("vms_left_out");
  if (errors.first()) return tl::unexpected{*errors.first()};
  read.contradictions = errors.contradictions();
  return read;
}

Result<Session> session_from_json(const Json& json) {
  auto read = read_session(json);
  if (!read) return tl::unexpected{read.error()};
  if (!read->contradictions.empty()) return tl::unexpected{read->contradictions.front()};
  return std::move(read->session);
}

nlohmann::ordered_json with_names_of_today(nlohmann::ordered_json document) {
  const auto causes = document.find("losses_by_cause");
  if (causes == document.end() || !causes->is_object()) return document;
  const auto former = causes->find(std::string{kFormerExitElsewhere});
  const std::string now{loss_label(EL_LOSS_EXIT_ELSEWHERE)};
  if (former == causes->end() || causes->contains(now)) return document;
  auto lost = *former;
  causes->erase(former);
  (*causes)[now] = std::move(lost);
  return document;
}

}  // namespace exitledger
