// SPDX-License-Identifier: MIT
#include "cli/streams.h"

#include <cstdio>
#include <exception>

namespace exitledger::cli {

void log_line(const std::string& line) noexcept {
  try {
    // Not fmt::print: it throws when the write fails.
    std::fprintf(stderr, "exitledger: %s\n", printable(line).c_str());
  } catch (const std::exception&) {  // out of memory: nothing can be said any more
  }
}

Result<void> flush_stdout() {
  if (std::fflush(stdout) != 0) return fail_errno("write", "stdout");
  if (std::ferror(stdout) != 0) return fail("write", "stdout", "some of it is lost");
  return {};
}

}  // namespace exitledger::cli
