// SPDX-License-Identifier: MIT
#include <string>

#include "export/family_groups.h"

namespace exitledger {
namespace {

using ByReason = std::map<Reason, std::uint64_t>;

std::uint64_t value_or_zero(const ByReason& counts, Reason reason) {
  const auto found = counts.find(reason);
  return found == counts.end() ? 0 : found->second;
}

// The eBPF book shows a reason that it counted, and also one that only the leaf counted: that 0 is the finding.
void add_ebpf(const PagingBooks& books, std::string_view paging, FamilyBuilder<family::kEbpfExits>& ebpf) {
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
    const auto reason = reason_at(books.vendor, index);
    if (!reason || !is_summand(*reason)) continue;
    const std::uint64_t count = books.ebpf.at[index];
    if (count == 0 && value_or_zero(books.leaf, *reason) == 0) continue;
    ebpf.add(count, paging, reason_label(books.vendor, *reason));
  }
}

void add_leaf(const PagingBooks& books, std::string_view paging, FamilyBuilder<family::kLeafExits>& leaf) {
  for (const auto& [reason, count] : books.leaf) {
    if (!is_summand(reason)) continue;
    if (count == 0 && count_of(books.ebpf, books.vendor, reason) == 0) continue;
    leaf.add(count, paging, reason_label(books.vendor, reason));
  }
}

// With a 0 for what the probe saw but the micro guests did not cause, so that "leaf - own" has a partner per reason.
void add_own(const PagingBooks& books, std::string_view paging, FamilyBuilder<family::kOwnExits>& own) {
  for (const auto& [reason, count] : books.own) {
    if (!is_summand(reason)) continue;
    if (count == 0 && count_of(books.ebpf, books.vendor, reason) == 0) continue;
    own.add(count, paging, reason_label(books.vendor, reason));
  }
}

void add_flags(const PagingBooks& books, std::string_view paging, FamilyBuilder<family::kFlaggedExits>& flags) {
  for (const Reason flag : {kReasonBusLock, kReasonEnclave, kReasonFailedEntry}) {
    const std::uint64_t count = count_of(books.ebpf, books.vendor, flag);
    if (count != 0) flags.add(count, paging, reason_label(books.vendor, flag));
  }
}

// None where no guest ran one of its own.
void add_nested(const PagingBooks& books, std::string_view paging, FamilyBuilder<family::kNestedExits>& nested) {
  const std::uint64_t exits = count_of(books.ebpf, books.vendor, kReasonNested);
  const std::uint64_t injected = count_of(books.ebpf, books.vendor, kReasonInjected);
  if (exits + injected == 0) return;
  nested.add(exits, paging, "exit");
  nested.add(injected, paging, "injected");
}

}  // namespace

void append_books(const ExportSnapshot& snapshot, Families& out) {
  FamilyBuilder<family::kEbpfExits> ebpf;
  FamilyBuilder<family::kLeafExits> leaf;
  FamilyBuilder<family::kOwnExits> own;
  FamilyBuilder<family::kFlaggedExits> flags;
  FamilyBuilder<family::kNestedExits> nested;
  FamilyBuilder<family::kExitDuration> durations;
  for (const auto& [mode, books] : snapshot.books) {
    const std::string_view paging = to_string(mode);
    add_ebpf(books, paging, ebpf);
    add_leaf(books, paging, leaf);
    add_own(books, paging, own);
    add_flags(books, paging, flags);
    add_nested(books, paging, nested);
    for (const auto& [reason, histogram] : books.durations) {
      if (is_summand(reason)) durations.add_histogram(histogram, paging, reason_label(books.vendor, reason));
    }
  }
  std::move(ebpf).append_to(out);
  std::move(leaf).append_to(out);
  std::move(own).append_to(out);
  std::move(flags).append_to(out);
  std::move(nested).append_to(out);
  std::move(durations).append_to(out);
}

}  // namespace exitledger
