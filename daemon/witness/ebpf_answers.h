// SPDX-License-Identifier: MIT
// Reads the logs of answers that the probe writes at the same time. Knows no BPF.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exitledger.h"

namespace exitledger {

/// Answers from number `from` up to number `last` (both included) that are whole and still in the ring, in order.
/// Answer n lies at (n − 1) % ring.size(); one that is being written or was overwritten is left out.
[[nodiscard]] std::vector<el_answer> read_answers(std::span<const el_answer> ring, std::uint64_t from,
                                                  std::uint64_t last);

}  // namespace exitledger
