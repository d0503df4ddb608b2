// SPDX-License-Identifier: MIT
#include "session/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "crosscheck/laws.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

struct Counted {
  NetBooks books;
  bool proven = false;
};

std::uint64_t less_own(std::uint64_t count, std::uint64_t own) { return count - std::min(count, own); }

/// Per summand, net of own.
std::map<Reason, Counted> counts_of(const Session& session) {
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

/// 0 in both books, if there was a second book.
Counted nothing_of(const Session& session) {
  if (session.reasons.empty()) return {{}, session.verdict == Verdict::kAgrees};
  return {{0, 0}, session.verdict == Verdict::kAgrees};
}

/// A reason without a row has not happened.
Counted counted(const std::map<Reason, Counted>& counts, Reason reason, const Session& session) {
  const auto found = counts.find(reason);
  return found != counts.end() ? found->second : nothing_of(session);
}

ComparedReason compared(Reason reason, std::string name, const Counted& a, const Counted& b) {
  ComparedReason row;
  row.reason = reason;
  row.name = std::move(name);
  row.a = a.books;
  row.b = b.books;
  row.difference = static_cast<std::int64_t>(b.books.ebpf - a.books.ebpf);
  if (a.books.ebpf > 0) row.ratio = static_cast<double>(b.books.ebpf) / static_cast<double>(a.books.ebpf);
  row.proven = a.proven && b.proven;
  return row;
}

void add(Counted& sum, const NetBooks& books, bool proven) {
  sum.books.ebpf += books.ebpf;
  if (books.leaf) sum.books.leaf = sum.books.leaf.value_or(0) + *books.leaf;
  sum.proven = sum.proven && proven;
}

ComparedSession compared_session(const Session& session) {
  return {.id = session.id,
          .name = session.name,
          .kernel = session.kernel,
          .why = session.why,
          .vendor = session.vendor,
          .paging = session.paging,
          .verdict = session.verdict,
          .losses = session.losses.of_host_book(),
          .has_laws = has_laws(session.vendor, session.paging),
          .laws_broken = session.laws_broken};
}

void add_objections(std::vector<std::string>& objections, std::string_view side, const Session& session) {
  for (const BrokenLaw& law : session.laws_broken) {
    objections.push_back(
        fmt::format("{} breaks the law {}: {} exits of {}; it did not run under {}, whatever its label says", side,
                    law.law, grouped(law.count), reason_label(session.vendor, law.reason), to_string(session.paging)));
  }
  if (session.verdict != Verdict::kAgrees) {
    objections.push_back(fmt::format("the verdict on {} is \"{}\"{}{}", side, to_string(session.verdict),
                                     session.why.empty() ? "" : ": ", session.why));
  }
  if (const std::uint64_t losses = session.losses.of_host_book(); losses > 0) {
    objections.push_back(fmt::format("{} lost {} events", side, grouped(losses)));
  }
}

void add_notes(std::vector<std::string>& notes, const Session& a, const Session& b) {
  if (a.kernel != b.kernel) notes.push_back(fmt::format("other kernels: A {}, B {}", a.kernel, b.kernel));
  for (const auto& [side, session] : {std::pair{"A", &a}, std::pair{"B", &b}}) {
    if (session->running()) notes.push_back(fmt::format("{} still runs", side));
    const std::uint64_t judged = judged_exits(*session), counted = session->ebpf.all();
    if (!session->reasons.empty() && counted > judged)
      notes.push_back(
          fmt::format("{} exits of {} came after its last reading: only eBPF counted them, and they are left out",
                      grouped(counted - judged), side));
  }
  for (const auto& [name, value] : a.parameters) {
    const auto other = b.parameters.find(name);
    const bool is_the_mode = name == "kvm_intel.ept" || name == "kvm_amd.npt";
    if (is_the_mode || other == b.parameters.end() || other->second == value) continue;
    notes.push_back(fmt::format("{} was {} when A began, {} when B began", name, value, other->second));
  }
  if (!has_laws(a.vendor, a.paging) || !has_laws(b.vendor, b.paging)) {
    notes.emplace_back("no law of this paging mode is checked for this vendor");
  }
}

Json books_json(const NetBooks& books) {
  return {{"ebpf", books.ebpf}, {"leaf", books.leaf ? Json(*books.leaf) : Json()}};
}

Json row_json(const ComparedReason& row) {
  return {{"number", row.reason},         {"name", row.name},
          {"a", books_json(row.a)},       {"b", books_json(row.b)},
          {"difference", row.difference}, {"ratio", row.ratio ? Json(*row.ratio) : Json()},
          {"proven", row.proven}};
}

Json session_json(const ComparedSession& session) {
  Json laws = Json::array();
  for (const BrokenLaw& law : session.laws_broken) laws.push_back(law.law);
  return {{"id", session.id},
          {"name", session.name},
          {"vendor", to_string(session.vendor)},
          {"paging", to_string(session.paging)},
          {"kernel", session.kernel},
          {"verdict", to_string(session.verdict)},
          {"why", session.why},
          {"losses", session.losses},
          {"laws_checked", session.has_laws},
          {"laws_broken", std::move(laws)}};
}

}  // namespace

Comparison compare(const Session& a, const Session& b) {
  Comparison comparison;
  comparison.a = compared_session(a);
  comparison.b = compared_session(b);
  add_objections(comparison.objections, "A", a);
  add_objections(comparison.objections, "B", b);
  add_notes(comparison.notes, a, b);

  const std::map<Reason, Counted> in_a = counts_of(a);
  const std::map<Reason, Counted> in_b = counts_of(b);
  Counted total_a = nothing_of(a), total_b = nothing_of(b);
  if (a.vendor != b.vendor) {
    comparison.objections.emplace_back("the vendors differ: their exit reasons are not the same events");
    comparison.total = compared(kReasonAll, "total", {}, {});
    return comparison;
  }
  std::map<Reason, std::pair<Counted, Counted>> rows;
  for (const auto* counts : {&in_a, &in_b}) {
    for (const auto& entry : *counts)
      rows[entry.first] = {counted(in_a, entry.first, a), counted(in_b, entry.first, b)};
  }
  for (const auto& [reason, counts] : rows) {
    const auto& [of_a, of_b] = counts;
    const bool none = of_a.books.ebpf == 0 && of_b.books.ebpf == 0 && of_a.books.leaf.value_or(0) == 0 &&
                      of_b.books.leaf.value_or(0) == 0;
    if (none) continue;
    comparison.reasons.push_back(compared(reason, reason_label(a.vendor, reason), of_a, of_b));
    add(total_a, of_a.books, of_a.proven);
    add(total_b, of_b.books, of_b.proven);
  }
  comparison.total = compared(kReasonAll, "total", total_a, total_b);
  return comparison;
}

Json to_json(const Comparison& comparison) {
  Json rows = Json::array();
  for (const ComparedReason& row : comparison.reasons) rows.push_back(row_json(row));
  return {{"sound", comparison.objections.empty()},
          {"objections", comparison.objections},
          {"notes", comparison.notes},
          {"a", session_json(comparison.a)},
          {"b", session_json(comparison.b)},
          {"total", row_json(comparison.total)},
          {"reasons", std::move(rows)},
          {"paragraph", paragraph(comparison)}};
}

}  // namespace exitledger
