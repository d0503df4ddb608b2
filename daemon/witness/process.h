// SPDX-License-Identifier: MIT
// What a VMM's command line says about its VM: the names that people know it by.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "model/result.h"

namespace exitledger {

/// Names of a VM; empty where the command line says nothing.
struct VmNames {
  std::string name;  ///< QEMU: -name NAME, -name guest=NAME,…
  std::string uuid;  ///< QEMU: -uuid UUID
};

/// From a command line with NUL between its words, as /proc/PID/cmdline holds it. Unknown VMMs yield empty names.
[[nodiscard]] VmNames vm_names_from_cmdline(std::string_view cmdline);

/// Reads <proc>/<pid>/cmdline. Error if the process is gone.
[[nodiscard]] Result<VmNames> vm_names(const std::filesystem::path& proc, std::uint32_t pid);

}  // namespace exitledger
