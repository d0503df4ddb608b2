// SPDX-License-Identifier: MIT
// Times as people and logs have them.
#pragma once

#include <cstdint>
#include <string>

namespace exitledger {

/// "2026-11-21T14:41:31.023Z", of CLOCK_REALTIME.
[[nodiscard]] std::string rfc3339(std::int64_t unix_ns);

}  // namespace exitledger
