// SPDX-License-Identifier: MIT
// The books of this moment. Reads what the probe counts, never the leaf.
#pragma once

#include "model/live.h"
#include "session/books.h"

namespace exitledger {

/// Call it from the thread that owns the books.
[[nodiscard]] LiveSample live_sample(Books& books);

}  // namespace exitledger
