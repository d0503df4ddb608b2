// SPDX-License-Identifier: MIT
// Which KVM modules are in, and how they were loaded: from sysfs.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "model/paging.h"
#include "model/result.h"

namespace exitledger {

struct ModuleState {
  bool kvm = false;              ///< kvm is loaded or built in
  std::optional<Vendor> vendor;  ///< vendor module in service; absent while none is, as between rmmod and modprobe
  std::optional<Paging> paging;  ///< absent without a vendor module, or if it does not tell
  std::map<std::string, std::string> parameters;  ///< of kvm and the vendor module: "kvm_intel.ept" -> "Y"

  friend bool operator==(const ModuleState&, const ModuleState&) = default;
};

/// Reads `sys`/module. Errors: `sys`/module itself is unreadable, or a paging parameter says neither Y nor N. A
/// parameter that may not be read (mode 0) or vanishes meanwhile is absent from the map.
[[nodiscard]] Result<ModuleState> read_modules(const std::filesystem::path& sys);

/// The vendor module's reference count is 0: there is no VM. False also where it has no count (built in).
[[nodiscard]] bool is_unused(const std::filesystem::path& sys, Vendor vendor);

}  // namespace exitledger
