// SPDX-License-Identifier: MIT
// Makes KVM read what the processor says of every exit, at the exit.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger {

/// A perf counter of the tracepoint kvm:kvm_exit on each CPU. While there is one, the kernel fills the tracepoint's
/// record, and for that KVM reads exit qualification and interruption information and keeps them (vmx_get_exit_info(),
/// arch/x86/kvm/vmx/vmx.c). What is attached to the raw tracepoint after open() runs after that (func_add(),
/// kernel/tracepoint.c) and finds them. No BPF program hangs on the plain tracepoint: it could be skipped, and with it
/// other people's perf events.
class ExitRecords {
 public:
  ExitRecords() = default;  ///< none

  /// On all CPUs that are online, of those whose number is below `cpus` (cpus_of_book()). `tracefs`: where the kernel's
  /// tracing directory is mounted. Errors: no tracefs there, no such tracepoint (kvm is not loaded), no privilege
  /// (CAP_PERFMON).
  [[nodiscard]] static Result<ExitRecords> open(const std::filesystem::path& tracefs, std::uint32_t cpus);

  [[nodiscard]] std::size_t cpus() const { return counters_.size(); }

 private:
  std::vector<UniqueFd> counters_;
};

}  // namespace exitledger
