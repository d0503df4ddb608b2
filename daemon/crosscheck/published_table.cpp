// SPDX-License-Identifier: MIT
#include "crosscheck/published_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "crosscheck/laws.h"

namespace exitledger {
namespace {

constexpr Reason kDrAccess = 29, kGdtrIdtr = 46, kLdtrTr = 47, kWbinvd = 54, kXsetbv = 55;
constexpr Reason kVmlaunch = 20, kVmresume = 24;

/// A kernel's boot makes a handful of each, always as many, and what it runs afterwards none.
constexpr std::array kOfTheBoot{kDrAccess, kGdtrIdtr, kLdtrTr, kWbinvd, kXsetbv};
constexpr std::size_t kFewest = 2;                // one row alone is doubled by chance
constexpr std::uint64_t kTooManyForChance = 100;  // a row of that size is not doubled to the last exit by chance

constexpr std::array kPagings{Paging::kEpt, Paging::kShadow};

std::optional<std::uint64_t> in(const PublishedRow& row, Paging paging) {
  return paging == Paging::kShadow ? row.shadow : row.ept;
}

NetCounts column(const PublishedTable& table, Paging paging) {
  NetCounts counts;
  for (const PublishedRow& row : table)
    if (const auto count = in(row, paging)) counts[row.reason] = *count;
  return counts;
}

std::string label(Reason reason) { return fmt::format("{} {}", reason, reason_label(Vendor::kVmx, reason)); }

std::string labels(const std::vector<Reason>& reasons) {
  std::vector<std::string> names(reasons.size());
  std::ranges::transform(reasons, names.begin(), label);
  return fmt::format("{}", fmt::join(names, ", "));
}

const Law& law_named(std::string_view name) {
  return *std::find_if(laws().begin(), laws().end(), [&](const Law& law) { return law.name == name; });
}

/// What a law that guests of guests suspend has to say of them; empty for the others.
std::string on_nested(const NetCounts& counts) {
  if (ran_nested(Vendor::kVmx, counts)) return "; guests that ran guests of their own can explain it";
  const bool stated = counts.contains(kVmlaunch) && counts.contains(kVmresume);
  return fmt::format("; guests of guests would explain it, and {} and {} are {}", label(kVmlaunch), label(kVmresume),
                     stated ? "0" : "not stated");
}

void add_broken_laws(const PublishedTable& table, Paging paging, TableJudgement& into) {
  const NetCounts counts = column(table, paging);
  for (const BrokenLaw& broken : broken_laws({Vendor::kVmx, paging, false}, counts)) {
    const Law& law = law_named(broken.law);
    const bool excused = !law.holds_with_nested && ran_nested(Vendor::kVmx, counts);
    into.findings.push_back(
        {!excused,
         excused ? "nested-guests" : broken.law,
         {broken.reason},
         fmt::format("{} exits of {} in column {}: {}{}", broken.count, label(broken.reason), to_string(paging),
                     law.because, law.holds_with_nested ? "" : on_nested(counts))});
  }
}

void note_judged(const PublishedTable& table, TableJudgement& into) {
  for (const PublishedRow& row : table) {
    const auto speaks = [&](const Law& law) {
      return law.vendor == Vendor::kVmx && law.reason == row.reason && in(row, law.paging).has_value();
    };
    if (std::any_of(laws().begin(), laws().end(), speaks)) into.judged.push_back(row.reason);
  }
}

// Counts are 64 bits: twice one may be none.
bool is_double(std::uint64_t two, std::uint64_t one) { return two % 2 == 0 && two / 2 == one; }

bool of_the_boot(Reason reason) { return std::find(kOfTheBoot.begin(), kOfTheBoot.end(), reason) != kOfTheBoot.end(); }

/// Rows of the boot that are doubled from column `from` to the other; empty unless all that are stated in both are.
std::vector<Reason> doubled_boot(const PublishedTable& table, Paging from) {
  std::vector<Reason> doubled;
  for (const PublishedRow& row : table) {
    if (!of_the_boot(row.reason) || !row.ept || !row.shadow || (*row.ept == 0 && *row.shadow == 0)) continue;
    const std::uint64_t one = *in(row, from), two = from == Paging::kEpt ? *row.shadow : *row.ept;
    if (!is_double(two, one)) return {};
    doubled.push_back(row.reason);
  }
  return doubled.size() < kFewest ? std::vector<Reason>{} : doubled;
}

std::string other_doubled(const PublishedTable& table, Paging from) {
  std::vector<Reason> doubled;
  for (const PublishedRow& row : table) {
    if (of_the_boot(row.reason) || !row.ept || !row.shadow || *in(row, from) < kTooManyForChance) continue;
    if (is_double(from == Paging::kEpt ? *row.shadow : *row.ept, *in(row, from))) doubled.push_back(row.reason);
  }
  return doubled.empty() ? "" : "; so is " + labels(doubled);
}

void add_doubled(const PublishedTable& table, TableJudgement& into) {
  for (const Paging from : kPagings) {
    const std::vector<Reason> doubled = doubled_boot(table, from);
    if (doubled.empty()) continue;
    const Paging to = from == Paging::kEpt ? Paging::kShadow : Paging::kEpt;
    const bool violations = count_in(column(table, Paging::kShadow), vmx::kEptViolation) > 0;
    const bool impossible = to == Paging::kShadow && violations;
    const std::string said =
        fmt::format("{} are exactly twice as many in column {}{}: each boot makes as many, so two {}", labels(doubled),
                    to_string(to), other_doubled(table, from),
                    impossible ? "boots were added up, and its EPT violations say that EPT was on"
                               : "boots may have been added up there");
    into.findings.push_back({impossible, impossible ? "two-boots-added-up" : "boots-doubled", doubled, said});
  }
}

void add_went_on(const PublishedTable& table, TableJudgement& into) {
  const std::uint64_t before = count_in(column(table, Paging::kEpt), vmx::kEptViolation);
  if (before == 0 || before != count_in(column(table, Paging::kShadow), vmx::kEptViolation)) return;
  const bool grew = std::all_of(table.begin(), table.end(), [](const PublishedRow& row) {
    return !row.ept || !row.shadow || *row.shadow >= *row.ept;
  });
  if (!grew) return;
  into.findings.push_back({true,
                           "counters-went-on",
                           {vmx::kEptViolation},
                           fmt::format("{} stayed at {} and no row is smaller in column shadow: the counters were not "
                                       "reset between the runs, so that column holds both",
                                       label(vmx::kEptViolation), before)});
}

}  // namespace

bool TableJudgement::impossible() const {
  return std::any_of(findings.begin(), findings.end(), [](const TableFinding& each) { return each.impossible; });
}

TableJudgement judge(const PublishedTable& table) {
  TableJudgement judgement;
  note_judged(table, judgement);
  for (const Paging paging : kPagings) add_broken_laws(table, paging, judgement);
  add_doubled(table, judgement);
  add_went_on(table, judgement);
  return judgement;
}

}  // namespace exitledger
