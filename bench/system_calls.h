// SPDX-License-Identifier: MIT
// How many system calls a thread makes, counted by the kernel (raw_syscalls:sys_enter), as strace -c would.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger::bench {

class SystemCalls {
 public:
  /// Of the thread, from now on. Errors: no permission, or no tracefs in /sys/kernel/tracing.
  [[nodiscard]] static Result<SystemCalls> of(pid_t thread);
  [[nodiscard]] Result<std::uint64_t> count() const;

 private:
  explicit SystemCalls(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace exitledger::bench
