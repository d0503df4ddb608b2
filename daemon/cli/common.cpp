// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "cli/commands.h"
#include "model/verdict.h"

namespace exitledger::cli {

int complain(const Error& error) {
  fmt::print(stderr, "exitledger: {}\n", error.message());
  return exit_status(Verdict::kCannotTell);
}

}  // namespace exitledger::cli
