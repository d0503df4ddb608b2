// SPDX-License-Identifier: MIT
// Lines for whoever runs the daemon. Layers are handed a Log; where it goes is the command line's business.
#pragma once

#include <functional>
#include <string>

namespace exitledger {

// Not of a narrower type: --help prints the values, and those of a byte are characters to it.
enum class LogLevel {
  kDebug,  ///< every reading
  kInfo,   ///< what begins and ends
  kWarn,   ///< less than was asked for: a witness is missing, something was not seen
  kError,  ///< books that disagree, a request that failed inside
};

/// One line, without its end. May be empty: nothing is said. Must not throw.
using Log = std::function<void(LogLevel, const std::string&)>;

}  // namespace exitledger
