// SPDX-License-Identifier: MIT
// Restores the vendor module when the process that changed it is gone without having done so.
#pragma once

#include <functional>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger {

/// A process of its own that waits for the end of this one. Not for threads: it is forked.
class Guardian {
 public:
  /// `restore` runs in the guardian if this process ends without release(), however it ends (SIGKILL too), and may take
  /// for ever: of the standard streams the guardian keeps stderr alone.
  [[nodiscard]] static Result<Guardian> start(const std::function<void()>& restore);
  /// All is as it was: the guardian ends.
  void release();

 private:
  explicit Guardian(UniqueFd line) : line_(std::move(line)) {}
  UniqueFd line_;
};

}  // namespace exitledger
