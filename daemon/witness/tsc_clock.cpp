// SPDX-License-Identifier: MIT
#include "witness/tsc_clock.h"

#include <x86intrin.h>

#include <cerrno>
#include <fstream>

#include "base/clock.h"

namespace exitledger {
namespace {

constexpr int kTries = 8;

// The fences keep the read of the TSC between those of the other clock.
ClockPair try_pair() {
  const std::uint64_t before = monotonic_now_ns();
  _mm_lfence();
  const std::uint64_t tsc = __rdtsc();
  _mm_lfence();
  const std::uint64_t after = monotonic_now_ns();
  const std::uint64_t half = (after - before) / 2;
  return {tsc, before + half, half + 1};
}

}  // namespace

ClockPair read_clock_pair() {
  ClockPair best = try_pair();
  for (int i = 1; i < kTries; ++i) {
    const ClockPair next = try_pair();
    if (next.error_ns < best.error_ns) best = next;
  }
  return best;
}

Result<void> monotonic_runs_on_tsc(const std::string& sys) {
  const std::string path = sys + "/devices/system/clocksource/clocksource0/current_clocksource";
  std::ifstream file(path);
  std::string source;
  if (!(file >> source)) return fail("read", path, "the clocksource is not known", ENOENT);
  if (source != "tsc") return fail("compare the TSC with", "CLOCK_MONOTONIC", "that runs on " + source);
  return {};
}

}  // namespace exitledger
