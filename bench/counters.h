// SPDX-License-Identifier: MIT
// A counter of each CPU's own against one that all CPUs share, as the published patches have it (atomic_inc() in
// vmx_handle_exit()): what contention costs on this CPU.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace exitledger::bench {

/// All as ratios to an increment of a counter of the thread's own on one CPU.
struct CounterRatios {
  double own_all = 0;     ///< a counter each, on all CPUs at once
  double shared_one = 0;  ///< one atomic counter, on one CPU
  double shared_all = 0;  ///< the same, on all CPUs at once
};

/// `timed` runs a loop of so many turns in a thread on each of the CPUs and returns ns per turn. The median of
/// `rounds`.
[[nodiscard]] CounterRatios counter_ratios(
    const std::vector<std::uint32_t>& cpus, unsigned rounds,
    const std::function<double(const std::vector<std::uint32_t>&, const std::function<void(unsigned)>&)>& timed);

}  // namespace exitledger::bench
