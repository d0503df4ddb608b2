// SPDX-License-Identifier: MIT
// The comparison in plain words. Every clause is either a count or a cause that follows from how the mode works.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "compare/compare.h"
#include "compare/format.h"

namespace exitledger {
namespace {

constexpr std::size_t kNamedAtMost = 4;  // rows named per direction
constexpr double kEnough = 0.95;         // of a direction's exits: the rest is summed up
constexpr double kSameTime = 0.10;       // external interrupts that differ by less suggest the same run time

/// Why a reason is more frequent under one mode: a property of the mode, not a guess about the workload.
struct Cause {
  Vendor vendor;
  Reason reason;
  Paging more_under;
  std::string_view because;
};

constexpr std::string_view kFaults =
    "under shadow paging KVM has to see the guest's page faults to keep its shadow of the guest's page tables";
constexpr std::string_view kAddressSpaces =
    "under shadow paging each load of CR3, a change of address space, has to exit, so that KVM changes to another "
    "shadow";
constexpr std::string_view kInvalidations =
    "under shadow paging KVM has to learn which translations the guest drops, to drop them from the shadow";
constexpr std::string_view kSecondLevel =
    "it is how KVM learns that the second level of page tables lacks an entry, and shadow paging has no second level";

constexpr std::array kCauses = {
    Cause{Vendor::kVmx, vmx::kException, Paging::kShadow, kFaults},
    Cause{Vendor::kVmx, vmx::kCrAccess, Paging::kShadow, kAddressSpaces},
    Cause{Vendor::kVmx, vmx::kInvlpg, Paging::kShadow, kInvalidations},
    Cause{Vendor::kVmx, vmx::kInvpcid, Paging::kShadow, kInvalidations},
    Cause{Vendor::kVmx, vmx::kEptViolation, Paging::kEpt, kSecondLevel},
    Cause{Vendor::kVmx, vmx::kEptMisconfig, Paging::kEpt,
          "an access to emulated device memory can arrive under this reason with EPT only"},
    Cause{Vendor::kSvm, svm::kPageFault, Paging::kShadow, kFaults},
    Cause{Vendor::kSvm, svm::kWriteCr3, Paging::kShadow, kAddressSpaces},
    Cause{Vendor::kSvm, svm::kInvlpg, Paging::kShadow, kInvalidations},
    Cause{Vendor::kSvm, svm::kInvpcid, Paging::kShadow, kInvalidations},
    Cause{Vendor::kSvm, svm::kNpf, Paging::kNpt, kSecondLevel},
};

/// Exits with the processor's external interrupt: a rough clock of how long guests ran.
constexpr Reason clock_of(Vendor vendor) { return vendor == Vendor::kVmx ? vmx::kExternalInterrupt : svm::kInterrupt; }

std::string_view words(Paging paging) {
  switch (paging) {
    case Paging::kEpt: return "EPT";
    case Paging::kShadow: return "shadow paging";
    case Paging::kNpt: return "NPT";
  }
  return "an unknown mode";
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

/// Empty unless the mode of the session with more exits of this reason, and not the other's, brings them about.
std::string_view because(const Comparison& comparison, const ComparedReason& row) {
  // A session that breaks a law did not run under the mode that it is labelled with: then no mode explains anything.
  if (!comparison.a.laws_broken.empty() || !comparison.b.laws_broken.empty()) return {};
  const bool more_in_b = row.difference > 0;
  const Paging more = more_in_b ? comparison.b.paging : comparison.a.paging;
  const Paging less = more_in_b ? comparison.a.paging : comparison.b.paging;
  for (const Cause& cause : kCauses) {
    const bool fits = cause.vendor == comparison.a.vendor && cause.reason == row.reason;
    if (fits && cause.more_under == more && more != less) return cause.because;
  }
  return {};
}

std::string exits(std::uint64_t count) { return fmt::format("{} {}", grouped(count), count == 1 ? "exit" : "exits"); }

/// "A", or "A, median of 6 runs".
std::string label(std::string_view side, const ComparedSide& of) {
  return of.repeats() ? fmt::format("{}, median of {} runs", side, of.runs.size()) : std::string(side);
}

std::string opening(const Comparison& comparison) {
  const ComparedSide &a = comparison.a, &b = comparison.b;
  const ComparedReason& total = comparison.total;
  std::string text;
  if (a.paging == b.paging) {
    text = fmt::format("Both {} ran under {}, so what differs here is not the paging mode: {} had {}, {} {}",
                       comparison.repeats() ? "sides" : "sessions", words(a.paging), label("A", a),
                       exits(total.a.books.ebpf), label("B", b), grouped(total.b.books.ebpf));
  } else {
    text = fmt::format("Under {} ({}) there were {}, under {} ({}) {}", words(a.paging), label("A", a),
                       exits(total.a.books.ebpf), words(b.paging), label("B", b), grouped(total.b.books.ebpf));
  }
  if (total.difference == 0) return text + ", the same number.";
  text += fmt::format(", {} {}", grouped(magnitude(total.difference)), total.difference > 0 ? "more" : "fewer");
  return text +
         (total.ratio && total.b.books.ebpf > 0 ? fmt::format(" ({} times as many).", ratio_text(total.ratio)) : ".");
}

std::string clause(const Comparison& comparison, const ComparedReason& row, std::uint64_t all) {
  std::string text =
      fmt::format("{} ({} to {}, {:.0f}%", row.name, grouped(row.a.books.ebpf), grouped(row.b.books.ebpf),
                  100.0 * static_cast<double>(magnitude(row.difference)) / static_cast<double>(all));
  const std::string_view cause = because(comparison, row);
  return text + (cause.empty() ? ")" : fmt::format(": {})", cause));
}

/// What grew, or what shrank: the largest rows, how much each accounts for, and why where the mode explains it.
std::string direction(const Comparison& comparison, bool grew) {
  std::vector<const ComparedReason*> rows;
  std::uint64_t all = 0;
  for (const ComparedReason& row : comparison.reasons) {
    if (grew ? row.difference <= 0 : row.difference >= 0) continue;
    rows.push_back(&row);
    all += magnitude(row.difference);
  }
  if (rows.empty()) return {};
  std::stable_sort(rows.begin(), rows.end(), [](const ComparedReason* x, const ComparedReason* y) {
    return magnitude(x->difference) > magnitude(y->difference);
  });
  std::vector<std::string> clauses;
  std::uint64_t named = 0;
  for (const ComparedReason* row : rows) {
    if (clauses.size() == kNamedAtMost || static_cast<double>(named) >= kEnough * static_cast<double>(all)) break;
    clauses.push_back(clause(comparison, *row, all));
    named += magnitude(row->difference);
  }
  std::string text = fmt::format(" Reasons that {} account for {} {}: {}", grew ? "grew" : "shrank", grouped(all),
                                 grew ? "more" : "fewer", fmt::join(clauses, "; "));
  if (const std::size_t rest = rows.size() - clauses.size(); rest > 0) {
    text += fmt::format("; {} other {} the remaining {}", rest, rest == 1 ? "reason makes" : "reasons make",
                        grouped(all - named));
  }
  return text + ".";
}

const ComparedReason* find(const Comparison& comparison, Reason reason) {
  const auto found = std::find_if(comparison.reasons.begin(), comparison.reasons.end(),
                                  [&](const ComparedReason& row) { return row.reason == reason; });
  return found == comparison.reasons.end() ? nullptr : &*found;
}

std::string run_time(const Comparison& comparison) {
  const ComparedReason* row = find(comparison, clock_of(comparison.a.vendor));
  if (row == nullptr || !row->ratio || row->b.books.ebpf == 0) return {};
  std::string text = fmt::format(" External interrupts, a rough clock of how long guests ran, went from {} to {}: ",
                                 grouped(row->a.books.ebpf), grouped(row->b.books.ebpf));
  if (std::abs(*row->ratio - 1) <= kSameTime) return text + "about the same time.";
  return text + fmt::format("{} time in B, which by itself can account for part of the difference.",
                            *row->ratio > 1 ? "more" : "less");
}

/// Of several runs: in all of them.
bool is_equal(const ComparedReason& row) {
  const auto is_constant = [](const ComparedExits& exits) { return exits.spread.min == exits.spread.max; };
  return row.difference == 0 && is_constant(row.a) && is_constant(row.b);
}

std::string equal_rows(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const ComparedReason& row : comparison.reasons) {
    if (is_equal(row)) names.push_back(row.name);
  }
  if (names.empty() || names.size() == comparison.reasons.size()) return {};
  const std::size_t shown = std::min(names.size(), kNamedAtMost);
  const std::size_t more = names.size() - shown;
  names.resize(shown);
  return fmt::format(" Equal to the last exit: {}{}.", fmt::join(names, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

/// Reasons whose medians differ although the runs do not tell the sides apart.
std::string overlapping(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const ComparedReason& row : comparison.reasons)
    if (may_be_chance(row)) names.push_back(row.name);
  if (names.empty()) return {};
  const std::size_t more = names.size() - std::min(names.size(), kNamedAtMost);
  names.resize(names.size() - more);
  return fmt::format(" Of {}{} the runs of A and of B overlap: that difference may be chance.", fmt::join(names, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

std::string paragraph(const Comparison& comparison) {
  std::string text;
  if (!comparison.objections.empty()) {
    text = fmt::format("This is not a sound comparison: {}. ", fmt::join(comparison.objections, "; "));
  }
  if (comparison.a.vendor != comparison.b.vendor) return text.substr(0, text.size() - 1);
  if (comparison.reasons.empty()) return text + "Neither session has an exit besides the reader's own.";
  text += opening(comparison);
  text += direction(comparison, true) + direction(comparison, false);
  text += equal_rows(comparison) + run_time(comparison);
  text += overlapping(comparison);
  if (comparison.objections.empty()) {
    text += fmt::format(" Both books of {} agree on every reason, so each of these exits stands in both.",
                        comparison.repeats() ? "every run" : "both sessions");
  }
  return text;
}

}  // namespace exitledger
