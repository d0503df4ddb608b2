// SPDX-License-Identifier: MIT
#include "microvm/cpu_pin.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <utility>

namespace exitledger {
namespace {

// The system calls themselves: glibc's cpu_set_t ends at 1024 CPUs, the kernel's mask need not.
constexpr unsigned kBitsPerWord = sizeof(unsigned long) * CHAR_BIT;
constexpr std::size_t kMostWords = 1024;

bool set_affinity(const std::vector<unsigned long>& mask) {
  return ::syscall(SYS_sched_setaffinity, 0, mask.size() * sizeof(unsigned long), mask.data()) == 0;
}

Result<std::vector<unsigned long>> affinity() {
  for (std::size_t words = 16; words <= kMostWords; words *= 2) {
    std::vector<unsigned long> mask(words);
    const long bytes = ::syscall(SYS_sched_getaffinity, 0, mask.size() * sizeof(unsigned long), mask.data());
    if (bytes >= 0) {
      mask.resize(static_cast<std::size_t>(bytes) / sizeof(unsigned long));
      return mask;
    }
    if (errno != EINVAL) break;  // EINVAL: the mask is too small for this kernel
  }
  return fail_errno("sched_getaffinity", "");
}

}  // namespace

Result<CpuPin> CpuPin::to(unsigned cpu) {
  auto before = affinity();
  if (!before) return Failure(before.error());
  std::vector<unsigned long> only(before->size());
  if (cpu / kBitsPerWord >= only.size()) return fail("sched_setaffinity", "CPU " + std::to_string(cpu), "", EINVAL);
  only[cpu / kBitsPerWord] = 1UL << (cpu % kBitsPerWord);
  if (!set_affinity(only)) return fail_errno("sched_setaffinity", "CPU " + std::to_string(cpu));
  return CpuPin(std::move(*before));
}

CpuPin::CpuPin(CpuPin&& other) noexcept : before_(std::exchange(other.before_, {})) {}

CpuPin::~CpuPin() {
  if (!before_.empty()) set_affinity(before_);
}

}  // namespace exitledger
