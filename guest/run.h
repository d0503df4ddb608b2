// SPDX-License-Identifier: MIT
// From options to text.
#pragma once

#include <string>

#include "cpuid.h"
#include "model/result.h"
#include "options.h"

namespace exitledger::guest {

struct Output {
  std::string text;     ///< for stdout
  std::string warning;  ///< one line for stderr; may be empty
};

/// Everything but the pinning. An Error means: print nothing on stdout.
[[nodiscard]] Result<Output> run(const Cpuid& cpuid, const Options& options);

}  // namespace exitledger::guest
