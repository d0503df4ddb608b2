// SPDX-License-Identifier: MIT
// The command line of exitledger-guest.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/leaf_abi.h"
#include "model/result.h"
#include "published.h"

namespace exitledger::guest {

struct Options {
  std::string print_and_exit;  ///< help or version text; nothing else is set then
  leaf::Scope scope = leaf::Scope::kVm;
  std::vector<std::string> reasons;  ///< names or numbers: which they are depends on the host's vendor
  std::optional<unsigned> cpu;
  std::optional<Form> form;  ///< a published form instead of the exitledger ABI
  bool json = false;
  bool cycles = false;
  bool zeros = false;
  bool abi = false;
};

/// Errors: one line that says what is wrong with which option.
[[nodiscard]] Result<Options> parse(int argc, const char* const* argv);

}  // namespace exitledger::guest
