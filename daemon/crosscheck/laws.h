// SPDX-License-Identifier: MIT
// Laws of the paging modes: exits that cannot happen under one of them. A table that breaks one is mislabelled.
//
// "Shadow paging means more exits" is no law and is not here.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "model/exit_reason.h"
#include "model/session.h"
#include "model/verdict.h"

namespace exitledger {

/// Exits per reason, net of the reader's own.
using NetCounts = std::map<Reason, std::uint64_t>;

/// 0 for a reason without a row.
[[nodiscard]] std::uint64_t count_in(const NetCounts& counts, Reason reason);

struct LawInput {
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  bool nested =
      false;  ///< a guest may have run a guest of its own: see ran_nested(); the module's parameter only allows it
};

/// One reason that cannot occur in one mode.
struct Law {
  std::string_view name;  ///< stable, part of results and exit messages
  Vendor vendor;
  Paging paging;
  Reason reason;
  bool holds_with_nested;    ///< also when guests run guests of their own
  std::string_view because;  ///< one clause
};

/// All laws known, every vendor.
[[nodiscard]] std::span<const Law> laws();

/// Whether any law is known for a vendor and mode. Where none is, as for a mode that the vendor does not have, none can
/// be broken and none was kept either; callers must not report "laws kept".
[[nodiscard]] bool has_laws(Vendor vendor, Paging paging);

/// Laws that the counts break, in the order of the table.
[[nodiscard]] std::vector<BrokenLaw> broken_laws(const LawInput& input, const NetCounts& counts);

/// Of a session, as it stands: every exit that either book holds counts, whether a reading covered it or not.
[[nodiscard]] std::vector<BrokenLaw> broken_laws(const Session& session);

/// Per reason the larger of both books, less the reader's own.
[[nodiscard]] NetCounts net_counts(const Session& session);

/// True if a guest executed VMLAUNCH or VMRESUME (VMX) or VMRUN (SVM). These always exit, so false means that no guest
/// ran one of its own; true only that one tried.
[[nodiscard]] bool ran_nested(Vendor vendor, const NetCounts& counts);

}  // namespace exitledger
