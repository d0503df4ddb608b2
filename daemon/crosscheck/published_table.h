// SPDX-License-Identifier: MIT
// A published table of exits under EPT and under shadow paging (VMX): can it be what it claims? Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/exit_reason.h"

namespace exitledger {

/// nullopt: not stated, which is not zero.
struct PublishedRow {
  Reason reason = 0;
  std::optional<std::uint64_t> ept, shadow;
};

/// Each reason once, ascending.
using PublishedTable = std::vector<PublishedRow>;

struct TableFinding {
  bool impossible = false;      ///< false: suspicious, and an honest run can look so
  std::string rule;             ///< stable: a law's name (crosscheck/laws.h), or one of the rules below
  std::vector<Reason> reasons;  ///< rows that it rests on
  std::string what;             ///< one sentence
};

struct TableJudgement {
  std::vector<TableFinding> findings;
  std::vector<Reason> judged;  ///< stated rows that a law forbids in their column: those that could have contradicted

  [[nodiscard]] bool impossible() const;
};

/// Impossible:
///  * a law of a paging mode is broken. VMLAUNCH and VMRESUME that are not stated count as none, and the finding says
///  so;
///  * "two-boots-added-up": every row that a boot alone decides, of those stated in both columns, is exactly twice as
///    large in the shadow column, at least two are, and that column has EPT violations: it holds two boots, and not
///    both without EPT;
///  * "counters-went-on": the EPT violations of both columns are the same number above 0, and no row became smaller:
///    the second column is the first and what came after it.
/// Suspicious: the same doubling, either way round, without EPT violations in the shadow column ("boots-doubled": one
/// column may hold two boots); INVLPG or INVPCID under EPT where guests ran guests of their own ("nested-guests").
/// Ratios of anything else are no evidence: "shadow means more exits" is no law.
[[nodiscard]] TableJudgement judge(const PublishedTable& table);

}  // namespace exitledger
