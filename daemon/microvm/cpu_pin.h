// SPDX-License-Identifier: MIT
// The calling thread on one CPU, for a while.
#pragma once

#include <cstdint>
#include <vector>

#include "microvm/cpu_mask.h"
#include "model/result.h"

namespace exitledger {

/// Keeps the calling thread on one CPU until destroyed (in the same thread), then restores its affinity, CPUs that are
/// offline included. A CPU that has gone offline meanwhile is no error: the kernel moved the thread already.
class CpuPin {
 public:
  /// Errors: EINVAL if the CPU is offline or not allowed to this process.
  [[nodiscard]] static Result<CpuPin> to(std::uint32_t cpu);

  ~CpuPin();
  CpuPin(CpuPin&& other) noexcept;
  CpuPin(const CpuPin&) = delete;
  CpuPin& operator=(const CpuPin&) = delete;
  CpuPin& operator=(CpuPin&&) = delete;

 private:
  explicit CpuPin(CpuMask before) : before_(std::move(before)) {}

  CpuMask before_;  // empty: moved from
};

/// Online CPUs that the calling thread may be pinned to, ascending.
[[nodiscard]] Result<std::vector<std::uint32_t>> usable_cpus();

}  // namespace exitledger
