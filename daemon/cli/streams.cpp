// SPDX-License-Identifier: MIT
#include "cli/streams.h"

#include <cstdio>

namespace exitledger::cli {

// Not fmt::print: it throws when the write fails.
void log_line(const std::string& line) noexcept { std::fprintf(stderr, "exitledger: %s\n", line.c_str()); }

Result<void> flush_stdout() {
  if (std::fflush(stdout) != 0) return fail_errno("write", "stdout");
  if (std::ferror(stdout) != 0) return fail("write", "stdout", "some of it is lost");
  return {};
}

}  // namespace exitledger::cli
