// SPDX-License-Identifier: MIT
// What a reading found, and how it is printed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/exit_reason.h"
#include "model/leaf_abi.h"
#include "model/paging.h"

namespace exitledger::guest {

struct Row {
  Reason reason = 0;
  std::uint64_t exits = 0;
  std::optional<std::uint64_t> cycles;  ///< absent: not asked for; TSC cycles from exit to next entry
};

/// Counts, read one after the other: no snapshot.
struct Report {
  std::string form;  ///< "1" for the exitledger ABI; "a", "b", "c" for the published forms
  Vendor vendor = Vendor::kVmx;
  std::optional<Paging> paging;           ///< absent: the form does not say
  std::string scope;                      ///< whose exits these are: "vm", "default (vm)", "host", …
  std::optional<std::uint64_t> instance;  ///< of the VM or the host; absent: the form has none
  std::uint64_t total = 0;                ///< a counter of its own
  std::vector<Row> reasons;               ///< summands of the total, ascending
  std::vector<Row> others;                ///< flags, and passes that are no exit: never part of the sum
};

/// What a host with the exitledger ABI says about itself.
struct Abi {
  std::uint32_t version = 0;
  leaf::Flags flags;
  std::optional<std::uint64_t> vm_instance, host_instance;  ///< absent: refused
  std::vector<Reason> reasons;                              ///< table of defined reasons, as the host gives it

  [[nodiscard]] Vendor vendor() const { return static_cast<Vendor>(flags.vendor()); }
  [[nodiscard]] Paging paging() const { return static_cast<Paging>(flags.paging()); }
};

[[nodiscard]] std::string as_table(const Report& report);
[[nodiscard]] std::string as_json(const Report& report);
[[nodiscard]] std::string as_table(const Abi& abi);
[[nodiscard]] std::string as_json(const Abi& abi);

}  // namespace exitledger::guest
