// SPDX-License-Identifier: MIT
// What a VMM's command line says about its VM: the names that people know it by.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "model/result.h"
#include "model/sample.h"

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

/// Names of the VMs that live. Each is read once, when its VM is first seen: later the pid may be another process's.
class VmNameBook {
 public:
  explicit VmNameBook(std::filesystem::path proc = "/proc") : proc_(std::move(proc)) {}

  /// `vms` are all that live now: reads the names of those not seen before, and forgets those that are gone.
  void follow(std::span<const VmSample> vms);
  /// Empty names for a VM that follow() did not see, or whose process was gone by then.
  [[nodiscard]] VmNames of(std::uint64_t vm_id) const;

 private:
  std::filesystem::path proc_;
  std::map<std::uint64_t, VmNames> names_;
};

}  // namespace exitledger
