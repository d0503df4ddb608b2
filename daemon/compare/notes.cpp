// SPDX-License-Identifier: MIT
// What a reader must hear before the numbers: objections, which make a comparison unsound, and notes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/escape.h"
#include "base/text.h"
#include "compare/compare.h"
#include "crosscheck/laws.h"

namespace exitledger {
namespace {

/// "A", or "run 3 of A (session 7)" where A has several.
std::string subject(std::string_view side, const Operand& operand, const Session& session) {
  if (operand.is_session()) return std::string(side);
  return fmt::format("run {} of {} (session {})", session.run ? session.run->number : 0, side, session.id);
}

void object_to_run(std::vector<std::string>& objections, const std::string& subject, const Session& session) {
  for (const BrokenLaw& law : session.laws_broken) {
    objections.push_back(
        fmt::format("{} breaks the law {}: {} exits of {}; it did not run under {}, whatever its label says", subject,
                    law.law, grouped(law.count), reason_label(session.vendor, law.reason), to_string(session.paging)));
  }
  if (session.verdict != Verdict::kAgrees) {
    objections.push_back(fmt::format("the verdict on {} is \"{}\"{}{}", subject, to_string(session.verdict),
                                     session.why.empty() ? "" : ": ", session.why));
  }
  if (session.third && session.third->verdict() == Verdict::kDisagrees)
    objections.push_back(
        fmt::format("KVM's own statistics contradict the books of {}: {}", subject, session.third->why()));
  if (const std::uint64_t losses = session.losses.of_host_book(); losses > 0)
    objections.push_back(fmt::format("{} lost {} {}", subject, grouped(losses), losses == 1 ? "event" : "events"));
  if (const auto why = broken(session)) objections.push_back(fmt::format("{} is no whole run: {}", subject, *why));
}

/// Runs of one side must be of one kind.
void object_to_mixture(std::vector<std::string>& objections, std::string_view side, const Operand& operand) {
  std::set<Paging> modes;
  for (const Session& session : operand.runs) modes.insert(session.paging);
  if (modes.size() > 1) {
    std::vector<std::string_view> names;
    std::transform(modes.begin(), modes.end(), std::back_inserter(names),
                   [](Paging paging) { return to_string(paging); });
    objections.push_back(fmt::format("the runs of {} are not of one paging mode: {}", side, fmt::join(names, ", ")));
  }
  for (const Session& session : operand.runs) {
    const auto asked = session.run ? paging_from(session.run->mode) : std::nullopt;
    if (asked && *asked != session.paging)
      objections.push_back(fmt::format("{} was asked for as {} and ran under {}", subject(side, operand, session),
                                       to_string(*asked), to_string(session.paging)));
  }
}

std::string run_or_session(std::uint32_t number, const std::string& id) {
  return fmt::format("run {} (session {})", number, id);
}

void note_left_out(std::vector<std::string>& notes, std::string_view side, const Operand& operand) {
  for (const LeftOut& run : operand.left_out)
    notes.push_back(fmt::format("left out of {}: {}, {}", side, run_or_session(run.number, run.id), run.why));
}

/// The same of all runs, or the values that there are.
template <typename Value>
std::vector<std::string> values_of(const Operand& operand, const Value& value) {
  std::vector<std::string> values;
  for (const Session& session : operand.runs) {
    const std::string of_run = value(session);
    if (std::find(values.begin(), values.end(), of_run) == values.end()) values.push_back(of_run);
  }
  return values;
}

template <typename Value>
void note_difference(std::vector<std::string>& notes, std::string_view what, const Operand& a, const Operand& b,
                     const Value& value) {
  const std::vector<std::string> in_a = values_of(a, value), in_b = values_of(b, value);
  if (in_a.size() == 1 && in_a == in_b) return;
  notes.push_back(fmt::format("other {}: A {}, B {}", what, fmt::join(in_a, " and "), fmt::join(in_b, " and ")));
}

std::string or_unknown(const std::string& text) { return text.empty() ? "unknown" : text; }

void note_unjudged(std::vector<std::string>& notes, std::string_view side, const Operand& operand) {
  std::uint64_t after = 0, runs = 0;
  for (const Session& session : operand.runs) {
    if (session.running()) notes.push_back(fmt::format("{} still runs", subject(side, operand, session)));
    const std::uint64_t judged = judged_exits(session), counted = session.ebpf.all();
    if (session.reasons.empty() || counted <= judged) continue;
    after += counted - judged;
    ++runs;
  }
  if (runs == 0) return;
  const std::string where = operand.is_session()
                                ? "its last reading"
                                : fmt::format("the last reading of a run ({} of {} runs)", runs, operand.runs.size());
  notes.push_back(fmt::format("{} exits of {} came after {}: only eBPF counted them, and they are left out",
                              grouped(after), side, where));
}

void note_own(std::vector<std::string>& notes, std::string_view side, const ComparedSide& of) {
  if (of.own_counted > 0)
    notes.push_back(
        fmt::format("{} exits of the reader's own are in the counts of {}: without a reading of the leaf "
                    "it is not known of which reasons they are",
                    grouped(of.own_counted), side));
}

/// Of a module's parameter that a session does not have nothing is said.
void note_parameters(std::vector<std::string>& notes, const Operand& a, const Operand& b) {
  std::set<std::string> names;
  for (const Operand* operand : {&a, &b})
    for (const Session& session : operand->runs)
      for (const auto& entry : session.parameters) names.insert(entry.first);
  for (const std::string& name : names) {
    if (name == "kvm_intel.ept" || name == "kvm_amd.npt") continue;  // the mode itself
    const auto known = [&](const Operand& operand) {
      std::vector<std::string> values = values_of(operand, [&](const Session& session) {
        const auto found = session.parameters.find(name);
        return found == session.parameters.end() ? std::string() : found->second;
      });
      std::erase(values, "");
      return values;
    };
    const std::vector<std::string> in_a = known(a), in_b = known(b);
    if (in_a.empty() || in_b.empty() || (in_a.size() == 1 && in_a == in_b)) continue;
    notes.push_back(fmt::format("{} was {} when A began, {} when B began", name, fmt::join(in_a, " and "),
                                fmt::join(in_b, " and ")));
  }
}

void note_overlap(std::vector<std::string>& notes, const Operand& a, const Operand& b) {
  for (const Session& in_a : a.runs)
    for (const Session& in_b : b.runs)
      if (in_a.id == in_b.id) notes.push_back(fmt::format("session {} is on both sides", in_a.id));
}

/// Time and MMU statistics are shown for a side only where all of its runs have them.
template <typename Map>
void note_missing(std::vector<std::string>& notes, std::string_view what, const Operand& a, const Operand& b,
                  std::optional<Map> Session::*map) {
  const auto have = [map](const Operand& operand) {
    return std::count_if(operand.runs.begin(), operand.runs.end(),
                         [map](const Session& session) { return (session.*map).has_value(); });
  };
  const auto in_a = have(a), in_b = have(b);
  for (const auto& [side, operand, count] : {std::tuple{"A", &a, in_a}, std::tuple{"B", &b, in_b}}) {
    const bool complete = count == static_cast<std::ptrdiff_t>(operand->runs.size());
    if (!complete && in_a + in_b > 0)
      notes.push_back(count == 0 ? fmt::format("{} has no {}", side, what)
                                 : fmt::format("not every run of {} has {}: none is shown of it", side, what));
  }
}

}  // namespace

void add_objections(Comparison& comparison, const Operand& a, const Operand& b) {
  for (const auto& [side, operand] : {std::pair{"A", &a}, std::pair{"B", &b}}) {
    for (const Session& session : operand->runs)
      object_to_run(comparison.objections, subject(side, *operand, session), session);
    object_to_mixture(comparison.objections, side, *operand);
  }
}

void add_notes(Comparison& comparison, const Operand& a, const Operand& b) {
  std::vector<std::string>& notes = comparison.notes;
  note_left_out(notes, "A", a);
  note_left_out(notes, "B", b);
  for (const Operand* operand : {&a, &b}) notes.insert(notes.end(), operand->notes.begin(), operand->notes.end());
  note_overlap(notes, a, b);
  note_difference(notes, "kernels", a, b, [](const Session& session) { return session.kernel; });
  note_difference(notes, "CPUs", a, b, [](const Session& session) { return or_unknown(session.cpu); });
  note_difference(notes, "commands", a, b, [](const Session& session) {
    return session.run ? printable(session.run->command) : std::string("none recorded");
  });
  note_unjudged(notes, "A", a);
  note_unjudged(notes, "B", b);
  note_own(notes, "A", comparison.a);
  note_own(notes, "B", comparison.b);
  note_parameters(notes, a, b);
  if (!comparison.a.has_laws || !comparison.b.has_laws)
    notes.emplace_back("no law of this paging mode is checked for this vendor");
  note_missing(notes, "time out of the guest", a, b, &Session::times_out);
  note_missing(notes, "MMU statistics of KVM's", a, b, &Session::mmu);
}

}  // namespace exitledger
