// SPDX-License-Identifier: MIT
// Clocks as plain numbers.
#pragma once

#include <chrono>
#include <cstdint>

namespace exitledger {

/// CLOCK_REALTIME.
[[nodiscard]] inline std::int64_t unix_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// CLOCK_MONOTONIC, which the probe's time stamps are of.
[[nodiscard]] inline std::uint64_t monotonic_now_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

}  // namespace exitledger
