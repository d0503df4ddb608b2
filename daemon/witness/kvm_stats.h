// SPDX-License-Identifier: MIT
// The third witness: KVM's own statistics, through the binary interface of one VM or vCPU.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "model/result.h"

namespace exitledger {

/// Counters by KVM's own names ("exits", "hypercalls", "halt_exits", …: arch/x86/kvm/x86.c, kvm_vcpu_stats_desc).
using KvmStats = std::map<std::string, std::uint64_t>;

/// KVM_GET_STATS_FD on a VM's or vCPU's descriptor (Documentation/virt/kvm/api.rst; Linux 5.14 and later), read once.
/// Statistics of several values (histograms) are left out. Errors: those of the ioctl and of pread(2); ENOTTY from a
/// KVM that is older.
[[nodiscard]] Result<KvmStats> read_kvm_stats(int fd);

}  // namespace exitledger
