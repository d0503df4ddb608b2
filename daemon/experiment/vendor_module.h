// SPDX-License-Identifier: MIT
// The vendor module of KVM (kvm_intel, kvm_amd): reloading it with other parameters, and what holds it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "model/paging.h"
#include "model/result.h"

namespace exitledger {

using Parameters = std::map<std::string, std::string>;  ///< without the module's name: "ept" -> "Y"

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

/// Those of `wanted` that `actual` has otherwise; Y and 1, N and 0 are the same.
[[nodiscard]] Parameters different(const Parameters& wanted, const Parameters& actual);

/// Unloads the module, waiting up to `patience` for VMs that are ending, and loads it with these parameters through
/// modprobe(8); kvm.ko stays. Then looks in /sys whether they took. Errors: it is held (by whom), modprobe failed, a
/// parameter is not what was asked for. Needs CAP_SYS_MODULE.
[[nodiscard]] Result<void> reload(const std::filesystem::path& sys, Vendor vendor, const Parameters& parameters,
                                  std::chrono::milliseconds patience);

/// Brings back what `original` says, in two steps: with the parameters that modprobe's configuration gives, then with
/// those that still differ.
[[nodiscard]] Result<void> restore(const std::filesystem::path& sys, Vendor vendor, const Parameters& original,
                                   std::chrono::milliseconds patience);

/// The parameter that a paging mode is: ept=1, npt=0, …. Error: the vendor has no such mode.
[[nodiscard]] Result<Parameters> mode_parameters(Vendor vendor, Paging mode);

}  // namespace exitledger
