// SPDX-License-Identifier: MIT
#include "model/counts.h"

#include <algorithm>

namespace exitledger {
namespace {

/// Own counter of the unknown plus every code that has an index but no definition.
std::uint64_t unknown_in(const Counts& counts, Vendor vendor) {
  std::uint64_t sum = counts.at[EL_INDEX_UNKNOWN];
  for (unsigned index = 0; index < EL_INDEX_ALL; ++index) {
    const auto reason = reason_at(vendor, index);
    if (reason && !is_defined(vendor, *reason)) sum += counts.at[index];
  }
  return sum;
}

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  for (std::size_t i = 0; i < at.size(); ++i) at[i] += other.at[i];
  return *this;
}

Counts sum_of(std::span<const Counts> books) {
  Counts sum;
  for (const Counts& book : books) sum += book;
  return sum;
}

Counts Counts::since(const Counts& earlier) const {
  Counts difference;
  for (std::size_t i = 0; i < at.size(); ++i) difference.at[i] = at[i] - earlier.at[i];
  return difference;
}

bool Counts::fell_below(const Counts& earlier) const {
  return !std::ranges::equal(at, earlier.at, [](std::uint64_t now, std::uint64_t before) { return now >= before; });
}

unsigned index_of(Vendor vendor, Reason reason) { return el_leaf_index(isa_of(vendor), reason); }

std::optional<Reason> reason_at(Vendor vendor, unsigned index) {
  const auto reason = [](unsigned number) { return static_cast<Reason>(number); };
  if (index < EL_INDEX_DIRECT) return reason(index);
  if (index >= EL_INDEX_ALL && index <= EL_INDEX_FAILED_ENTRY) return reason(EL_PSEUDO_FIRST + (index - EL_INDEX_ALL));
  if (index == EL_INDEX_NESTED || index == EL_INDEX_INJECTED)
    return reason(EL_PSEUDO_NESTED + (index - EL_INDEX_NESTED));
  if (vendor == Vendor::kVmx) return std::nullopt;
  if (index - EL_INDEX_SVM_NPF < 4) return reason(0x400 + (index - EL_INDEX_SVM_NPF));
  if (index - EL_INDEX_SVM_NEG < 4) return reason(0xFFFC + (index - EL_INDEX_SVM_NEG));
  return std::nullopt;
}

std::uint64_t count_of(const Counts& counts, Vendor vendor, Reason reason) {
  if (reason == kReasonUnknown) return unknown_in(counts, vendor);
  const unsigned index = index_of(vendor, reason);
  // A code without an index of its own lies in the unknown's counter with others: nothing can be said of it alone.
  // kReasonEmulation and kReasonVmFail end here too, and no book holds them: they are no exits.
  return index == EL_INDEX_UNKNOWN ? 0 : counts.at[index];
}

}  // namespace exitledger
