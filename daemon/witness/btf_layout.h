// SPDX-License-Identifier: MIT
// Where the fields that the probe reads stand in the running kernel's structures: from BTF files, which all may read.
#pragma once

#include <filesystem>
#include <optional>

#include "exitledger.h"
#include "model/paging.h"
#include "model/result.h"

namespace exitledger {

/// Reads `sys`/kernel/btf/{vmlinux, kvm, kvm_intel | kvm_amd}. A module without a file of its own is taken to be built
/// in: its types are sought in vmlinux. Without `vendor`, the vendor's fields stay 0 (not known).
/// Errors: no BTF, or a structure or field that is not there; members are found by name, never by kernel version.
[[nodiscard]] Result<el_layout> read_layout(const std::filesystem::path& sys, std::optional<Vendor> vendor);

}  // namespace exitledger
