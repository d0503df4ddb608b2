// SPDX-License-Identifier: MIT
#include "base/time_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace exitledger {

std::string rfc3339(std::int64_t unix_ns) {
  constexpr std::int64_t kPerSecond = 1'000'000'000, kPerMillisecond = 1'000'000;
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(unix_ns / kPerSecond)),
                     unix_ns % kPerSecond / kPerMillisecond);
}

}  // namespace exitledger
