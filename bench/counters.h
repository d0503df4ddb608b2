// SPDX-License-Identifier: MIT
// A counter of each CPU's own against one that all CPUs share, as the published patches have it (atomic_inc() in
// vmx_handle_exit()): what contention costs on this CPU.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "model/result.h"

namespace exitledger::bench {

[[nodiscard]] double median(std::vector<double> of);

/// All as ratios to an increment of a counter of the thread's own on one CPU.
struct CounterRatios {
  double own_all = 0;     ///< a counter each, on all CPUs at once
  double shared_one = 0;  ///< one atomic counter, on one CPU
  double shared_all = 0;  ///< the same, on all CPUs at once
};

/// Runs a loop of so many turns in a thread on each of the CPUs: ns per turn.
using Timed =
    std::function<Result<double>(const std::vector<std::uint32_t>& cpus, const std::function<void(unsigned)>& loop)>;

/// The median of `rounds`. Errors: those of `timed`.
[[nodiscard]] Result<CounterRatios> counter_ratios(const std::vector<std::uint32_t>& cpus, unsigned rounds,
                                                   const Timed& timed);

}  // namespace exitledger::bench
