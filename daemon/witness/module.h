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
  std::string other;  ///< without `vendor`: a module in service that is named like one, "kvm_pvm"; empty if none is
  std::map<std::string, std::string> parameters;  ///< of kvm and the vendor module: "kvm_intel.ept" -> "Y"

  friend bool operator==(const ModuleState&, const ModuleState&) = default;
};

/// Reads `sys`/module. Errors: `sys`/module itself is unreadable, or a paging parameter says neither Y nor N. A
/// parameter that may not be read (mode 0) or vanishes meanwhile is absent from the map.
[[nodiscard]] Result<ModuleState> read_modules(const std::filesystem::path& sys);

/// False if the vendor's module is built into the kernel, or absent.
[[nodiscard]] bool is_loadable(const std::filesystem::path& sys, Vendor vendor);

/// False only if nobody holds the vendor module: then no VM exists, since each of them holds it (kvm_create_vm(),
/// virt/kvm/kvm_main.c), as does every open /dev/kvm. Where the kernel does not tell, it counts as held.
[[nodiscard]] bool is_held(const std::filesystem::path& sys, Vendor vendor);

}  // namespace exitledger
