// SPDX-License-Identifier: MIT
#include "microvm/cpu_pin.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

namespace exitledger {
namespace {

constexpr std::size_t kMostWords = 1024;

thread_local Affinity affinity;

// The system calls themselves, for masks of any length.
bool set_mask(const CpuMask& mask) {
  return ::syscall(SYS_sched_setaffinity, 0, mask.size() * sizeof(mask[0]), mask.data()) == 0;
}

/// CPUs of the calling thread that are online.
Result<CpuMask> online_mask() {
  for (std::size_t words = 16; words <= kMostWords; words *= 2) {
    CpuMask mask(words);
    const long bytes = ::syscall(SYS_sched_getaffinity, 0, mask.size() * sizeof(mask[0]), mask.data());
    if (bytes >= 0) {
      mask.resize(static_cast<std::size_t>(bytes) / sizeof(mask[0]));
      return mask;
    }
    if (errno != EINVAL) break;  // EINVAL: the mask is too small for this kernel
  }
  return fail_errno("sched_getaffinity", "");
}

/// CPUs of the calling thread, the offline ones too; where nobody mounted /proc (a guest's first steps), without them.
Result<CpuMask> allowed_mask() {
  std::ifstream file{"/proc/thread-self/status"};
  if (!file) return online_mask();
  std::ostringstream text;
  text << file.rdbuf();
  return cpus_allowed_in(text.str());
}

void give_back(const CpuMask& wish) {
  set_mask(wish);
  affinity.left(wish, allowed_mask().value_or(CpuMask{}));
}

}  // namespace

Result<CpuPin> CpuPin::to(std::uint32_t cpu) {
  const auto now = allowed_mask();
  if (!now) return Failure(now.error());
  CpuMask before = affinity.wished(*now);
  if (!set_mask(only_cpu(cpu, before.size()))) return fail_errno("sched_setaffinity", "CPU " + std::to_string(cpu));
  return CpuPin(std::move(before));
}

CpuPin::CpuPin(CpuPin&& other) noexcept : before_(std::exchange(other.before_, {})) {}

CpuPin::~CpuPin() {
  if (!before_.empty()) give_back(before_);
}

Result<std::vector<std::uint32_t>> usable_cpus() {
  const auto now = allowed_mask();
  if (!now) return Failure(now.error());
  give_back(CpuMask{affinity.wished(*now)});  // one that came back online joins in
  auto online = online_mask();
  if (!online) return Failure(online.error());
  return cpus_in(*online);
}

}  // namespace exitledger
