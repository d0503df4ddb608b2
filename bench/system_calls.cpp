// SPDX-License-Identifier: MIT
#include "system_calls.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>

namespace exitledger::bench {

Result<SystemCalls> SystemCalls::of(pid_t thread) {
  constexpr const char* kId = "/sys/kernel/tracing/events/raw_syscalls/sys_enter/id";
  perf_event_attr attr{};
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.size = sizeof(attr);
  if (std::ifstream file{kId}; !(file >> attr.config)) return fail_errno("read", kId, "is tracefs mounted?");
  UniqueFd fd{static_cast<int>(syscall(SYS_perf_event_open, &attr, thread, -1, -1, PERF_FLAG_FD_CLOEXEC))};
  if (!fd) return fail_errno("perf_event_open", "raw_syscalls:sys_enter");
  return SystemCalls{std::move(fd)};
}

Result<std::uint64_t> SystemCalls::count() const {
  std::uint64_t count = 0;
  if (read(fd_.get(), &count, sizeof count) != sizeof count) return fail_errno("read", "raw_syscalls:sys_enter");
  return count;
}

}  // namespace exitledger::bench
