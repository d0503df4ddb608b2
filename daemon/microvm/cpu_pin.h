// SPDX-License-Identifier: MIT
// The calling thread on one CPU, for a while.
#pragma once

#include <vector>

#include "model/result.h"

namespace exitledger {

/// Keeps the calling thread on one CPU until destroyed (in the same thread), then restores its affinity. A CPU that
/// has gone offline meanwhile is no error: the kernel moved the thread already.
class CpuPin {
 public:
  /// Errors: EINVAL if the CPU is offline or not allowed to this process.
  [[nodiscard]] static Result<CpuPin> to(unsigned cpu);

  ~CpuPin();
  CpuPin(CpuPin&& other) noexcept;
  CpuPin(const CpuPin&) = delete;
  CpuPin& operator=(const CpuPin&) = delete;
  CpuPin& operator=(CpuPin&&) = delete;

 private:
  explicit CpuPin(std::vector<unsigned long> before) : before_(std::move(before)) {}

  std::vector<unsigned long> before_;  // affinity as the kernel's bit mask; empty: moved from
};

}  // namespace exitledger
