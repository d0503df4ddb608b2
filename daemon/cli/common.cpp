// SPDX-License-Identifier: MIT
#include "cli/commands.h"
#include "cli/streams.h"
#include "model/verdict.h"

namespace exitledger::cli {

int complain(const Error& error) {
  log_line(error.message());
  return exit_status(Verdict::kCannotTell);
}

}  // namespace exitledger::cli
