// SPDX-License-Identifier: MIT
#include "session/certificate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "session/json_fields.h"
#include "session/third_witness_json.h"
#include "session/time_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kLeafStates{LeafState::kPresent, LeafState::kAbsent, LeafState::kRefused, LeafState::kFailed};
constexpr std::string_view kNoCalibration = "none";
constexpr std::array kVendors{Vendor::kVmx, Vendor::kSvm};
constexpr std::array kPagings{Paging::kEpt, Paging::kShadow, Paging::kNpt};
constexpr std::array kLosses{EL_LOSS_NO_OFFSET, EL_LOSS_READ_FAILED,   EL_LOSS_NO_SLOT,       EL_LOSS_SLOT_MAP,
                             EL_LOSS_NO_CPU,    EL_LOSS_ENTRY_NO_SLOT, EL_LOSS_ENTRY_NO_EXIT, EL_LOSS_ASK_MAP,
                             EL_LOSS_EVENT,     EL_LOSS_KVM_STATS};

// --- writing ---------------------------------------------------------------------------------------------------------

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
Json rounds_without_row(const Session& session) {
  Json rounds = Json::array();
  for (const Round& round : session.raw) {
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

struct Total {
  std::uint64_t ebpf = 0, leaf = 0;
};

Total total_of(const Session& session) {
  Total total;
  for (const ReasonVerdict& row : session.reasons) {
    if (!is_summand(row.reason)) continue;
    total.ebpf += row.ebpf;
    total.leaf += row.leaf;
  }
  return total;
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

// --- reading ---------------------------------------------------------------------------------------------------------

void read_calibration(const JsonFields& fields, Session& session) {
  if (fields.text("verdict") == kNoCalibration) return;
  session.calibration = {named(fields, "verdict", kVerdicts), fields.text("why")};
}

void require(const JsonFields& fields, std::string_view key, std::uint64_t stated, std::uint64_t actual) {
  if (stated != actual)
    fields.object_to(key, fmt::format("states {}, but the rest of the document gives {}", stated, actual));
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
      row.object_to("name", "is not that reason's name");
    if (is_summand(read.reason) != summands) row.object_to("number", "does not belong into this list");
    if (!session.reasons.empty() && read.reason <= session.reasons.back().reason && read.reason != kReasonAll &&
        summands == is_summand(session.reasons.back().reason)) {
      row.object_to("number", "is not above the one before it");
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
  for (const el_loss cause : kLosses) session.losses.cause.at(cause) = causes.natural(loss_label(cause));
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
  fields.each("rounds_without_row",
              [&](const JsonFields& round) { session.raw.push_back(read_round(round, read_reason(round, "number"))); });
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
          {"kernel", session.kernel},
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
          {"rounds_without_row", rounds_without_row(session)},
          {"time", time_json(session.vendor, session.time)},
          {"book", book_json(session)},
          {"losses_by_cause", losses_json(session.losses)},
          {"recursion_misses", Json(session.losses.recursion_misses)}};
}

Result<Session> session_from_json(const Json& json) {
  JsonErrors errors("read session");
  const JsonFields fields(json, "", errors);
  Session session;
  session.id = fields.text("id");
  session.name = fields.text("name");
  session.vendor = named(fields, "vendor", kVendors);
  session.paging = named(fields, "paging", kPagings);
  session.verdict = named(fields, "verdict", kVerdicts);
  session.why = fields.text("why");
  session.kernel = fields.text("kernel");
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
  read_losses(fields, session);
  read_books(fields, session);
  session.time = time_from(fields.object("time"));
  if (errors.first()) return tl::unexpected{*errors.first()};
  return session;
}

Json result_document(std::span<const Session> sessions, const std::map<std::string, std::string>& metrics) {
  Json list = Json::array();
  for (const Session& session : sessions) list.push_back(to_json(session));
  return {{"sessions", std::move(list)}, {"metrics", Json(metrics)}};
}

}  // namespace exitledger
