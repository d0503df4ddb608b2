// SPDX-License-Identifier: MIT
// Units of time.
#pragma once

#include <cstdint>

namespace exitledger {

template <typename Number>
inline constexpr Number kNsPerSecond = 1'000'000'000;

}  // namespace exitledger
