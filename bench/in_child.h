// SPDX-License-Identifier: MIT
// A measurement in a process of its own.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <type_traits>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger::bench {

/// What `work`, which returns Result<T>, made of it in a child; `what` says it in errors. The child's own error is on
/// stderr. The caller should have one thread.
template <typename T, typename Work>
[[nodiscard]] Result<T> in_child(const std::string& what, const Work& work) {
  static_assert(std::is_trivially_copyable_v<T>, "goes through a pipe");
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe", what);
  UniqueFd from{ends[0]}, to{ends[1]};
  const pid_t child = fork();
  if (child < 0) return fail_errno("fork", what);
  if (child == 0) {
    const Result<T> done = work();
    if (!done) std::fprintf(stderr, "%s\n", done.error().message().c_str());
    _exit(done && write(to.get(), &*done, sizeof *done) == sizeof *done ? 0 : 1);
  }
  to.reset();
  T value{};
  const bool whole = read(from.get(), &value, sizeof value) == sizeof value;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!whole || status != 0) return fail("measure", what, "its process failed");
  return value;
}

}  // namespace exitledger::bench
