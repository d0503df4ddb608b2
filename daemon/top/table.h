// SPDX-License-Identifier: MIT
// Rows as lines of a table that fits a width.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "top/rows.h"

namespace exitledger::top {

enum class TableKind {
  kHostReasons,  ///< both books
  kReasons,      ///< of a VM or vCPU: the eBPF book alone
  kVms,
  kVcpus,
};

/// '=' agrees, '~' within bracket, '?' cannot tell, '!' disagrees; ' ' where no reading was made.
[[nodiscard]] char verdict_mark(const Row& row);

struct Order {
  SortBy by = SortBy::kRate;
  bool reversed = false;
};

/// Column titles; the one that `order` is about has a 'v' (most first) or '^' behind it. No wider than `columns`, which
/// must be 80 or more.
[[nodiscard]] std::string header_line(TableKind kind, Order order, std::size_t columns);
[[nodiscard]] std::string row_line(TableKind kind, const Row& row, std::size_t columns);

}  // namespace exitledger::top
