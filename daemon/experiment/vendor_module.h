// SPDX-License-Identifier: MIT
// The vendor module of KVM (kvm_intel, kvm_amd): reloading it with other parameters, and what holds it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiment/parameters.h"
#include "model/paging.h"
#include "model/result.h"

namespace exitledger {

/// A process that has a VM or the KVM device open: the module cannot be unloaded while it does.
struct KvmHolder {
  std::uint32_t pid = 0;
  bool has_vm = false;  ///< a VM; else /dev/kvm alone
  std::string name;     ///< of the VM if its command line says, else the process's
};

/// From the descriptors in <proc>/<pid>/fd that may be read: all of them for root.
[[nodiscard]] std::vector<KvmHolder> kvm_holders(const std::filesystem::path& proc);

/// "VM 'db' (process 812), /dev/kvm in process 90 (qemu)"
[[nodiscard]] std::string describe(const std::vector<KvmHolder>& holders);

/// Parameters as /sys shows them now.
[[nodiscard]] Result<Parameters> parameters_of(const std::filesystem::path& sys, Vendor vendor);

/// Unloads the module, waiting for VMs that hold it (`patience`: so long; nullopt: for as long as it takes), and loads
/// it with these parameters through modprobe(8), which no ^C of the terminal's reaches; kvm.ko stays. All parameters as
/// /sys shows them then: see took(). Errors: it is held (by whom); modprobe refused, and has then been asked for the
/// module without parameters. Needs CAP_SYS_MODULE.
[[nodiscard]] Result<Parameters> reload(const std::filesystem::path& sys, Vendor vendor, const Parameters& parameters,
                                        std::optional<std::chrono::milliseconds> patience);

/// The parameter that is the paging mode: "ept", "npt".
[[nodiscard]] std::string paging_parameter(Vendor vendor);

/// A paging mode as a parameter: ept=1, npt=0, …. Error: the vendor has no such mode.
[[nodiscard]] Result<Parameters> mode_parameters(Vendor vendor, Paging mode);

}  // namespace exitledger
