// SPDX-License-Identifier: MIT
// Errors are values: what was tried, on which object, and what the system said.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace exitledger {

/// A failed operation. Reads as one line: "open /dev/kvm: No such file or directory".
struct Error {
  std::string operation;  ///< what was tried: "open", "KVM_CREATE_VM", "parse"
  std::string object;     ///< on what: a path, an option, a metric
  int code = 0;           ///< errno value, positive; 0 if the system was not asked
  std::string detail;     ///< what would be right, or more than errno says; may be empty

  /// One line without newline, for stderr.
  [[nodiscard]] std::string message() const;
};

/// Value or Error. An alias cannot carry [[nodiscard]]: every function that returns one is declared with it.
template <typename T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

/// Failure with the current errno; call it before anything else can change errno.
[[nodiscard]] Failure fail_errno(std::string operation, std::string object, std::string detail = {});

/// Failure with a given positive errno value, or 0 for none.
[[nodiscard]] Failure fail(std::string operation, std::string object, std::string detail, int code = 0);

}  // namespace exitledger
