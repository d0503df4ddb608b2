// SPDX-License-Identifier: MIT
// Sets of CPUs as the kernel's bit masks, of any length: glibc's cpu_set_t ends at 1024 CPUs, the kernel's mask need
// not.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/result.h"

namespace exitledger {

/// Bit n % 64 of word n / 64 is CPU n.
using CpuMask = std::vector<std::uint64_t>;

[[nodiscard]] CpuMask only_cpu(std::uint32_t cpu, std::size_t words);
[[nodiscard]] std::vector<std::uint32_t> cpus_in(const CpuMask& mask);

/// "Cpus_allowed:" of a /proc/…/status, which unlike sched_getaffinity(2) keeps CPUs that are offline.
[[nodiscard]] Result<CpuMask> cpus_allowed_in(std::string_view status);

/// The affinity that others gave a thread which pins itself now and then: by default all CPUs, the offline ones too.
///
/// Some kernels (6.1 among them) and cpusets cut what is offline at the moment off every mask that is set. So what
/// the thread has after a pin may be less than what it asked back, and that must not become its affinity for good.
class Affinity {
 public:
  /// What to give back after a pin, if the thread's mask is `now`: `now` itself, unless it is what was left() behind.
  [[nodiscard]] const CpuMask& wished(const CpuMask& now);
  /// `wish` was asked for, and `now` is what the kernel made of it.
  void left(CpuMask wish, CpuMask now);

 private:
  CpuMask wish_, left_;
};

}  // namespace exitledger
