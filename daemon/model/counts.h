// SPDX-License-Identifier: MIT
// One book: a counter per dense index (bpf/exit_index.h).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "exit_index.h"
#include "model/exit_reason.h"

namespace exitledger {

/// Exits per dense index. A value: copies are snapshots.
struct Counts {
  std::array<std::uint64_t, EL_INDEX_COUNT> at{};

  friend bool operator==(const Counts&, const Counts&) = default;
  Counts& operator+=(const Counts& other);
  /// this − earlier, per index; a counter that fell (a reset) makes the whole difference meaningless: see fell_below().
  [[nodiscard]] Counts since(const Counts& earlier) const;
  /// True if any counter is smaller than in `earlier`: a reset, never a negative delta.
  [[nodiscard]] bool fell_below(const Counts& earlier) const;
  [[nodiscard]] std::uint64_t all() const { return at[EL_INDEX_ALL]; }
};

/// Of several CPUs or vCPUs.
[[nodiscard]] Counts sum_of(std::span<const Counts> books);

/// The vendor's number in the probe's structures, and back.
[[nodiscard]] constexpr std::uint32_t isa_of(Vendor vendor) { return vendor == Vendor::kVmx ? EL_ISA_VMX : EL_ISA_SVM; }
[[nodiscard]] constexpr Vendor vendor_of(std::uint32_t isa) { return isa == EL_ISA_SVM ? Vendor::kSvm : Vendor::kVmx; }

/// Index in a book for a reason; kReasonUnknown for what no index can hold.
[[nodiscard]] unsigned index_of(Vendor vendor, Reason reason);

/// The reason kept at an index; nullopt for a hole of the table (never written).
[[nodiscard]] std::optional<Reason> reason_at(Vendor vendor, unsigned index);

/// Count of one reason. kReasonUnknown is the sum of its own counter and of all undefined codes, as the leaf counts it.
[[nodiscard]] std::uint64_t count_of(const Counts& counts, Vendor vendor, Reason reason);

}  // namespace exitledger
