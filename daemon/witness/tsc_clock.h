// SPDX-License-Identifier: MIT
// The two clocks that time is kept with, as this process can read them.
#pragma once

#include <string>

#include "model/exit_time.h"
#include "model/result.h"

namespace exitledger {

/// TSC and CLOCK_MONOTONIC of one instant, from several tries the closest. Needs no privilege. Not to be called under
/// prctl(PR_SET_TSC, PR_TSC_SIGSEGV).
[[nodiscard]] ClockPair read_clock_pair();

/// Whether CLOCK_MONOTONIC runs on the TSC, so that both clocks are one counter, and the kernel trusts it on all CPUs:
/// the current clocksource is "tsc". `sys`: root of sysfs. Errors: the file cannot be read; another clocksource.
[[nodiscard]] Result<void> monotonic_runs_on_tsc(const std::string& sys);

}  // namespace exitledger
