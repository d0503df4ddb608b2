// SPDX-License-Identifier: MIT
#include "counters.h"

#include <algorithm>
#include <atomic>

namespace exitledger::bench {
namespace {

constexpr std::size_t kCacheLine = 64;

struct alignas(kCacheLine) Counter {
  std::atomic<std::uint64_t> value = 0;
};

Counter shared;
thread_local Counter own;

// As the compiler makes of this_cpu_inc() and of a plain ++ in memory: one instruction that is not locked.
void count_own(unsigned turns) {
  for (unsigned i = 0; i < turns; ++i)
    own.value.store(own.value.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}
void count_shared(unsigned turns) {
  for (unsigned i = 0; i < turns; ++i) shared.value.fetch_add(1, std::memory_order_relaxed);
}

double median(std::vector<double> of) {
  std::ranges::sort(of);
  return of[of.size() / 2];
}

}  // namespace

CounterRatios counter_ratios(
    const std::vector<std::uint32_t>& cpus, unsigned rounds,
    const std::function<double(const std::vector<std::uint32_t>&, const std::function<void(unsigned)>&)>& timed) {
  const std::vector<std::uint32_t> one{cpus.front()};
  std::vector<double> own_all, shared_one, shared_all;
  for (unsigned round = 0; round < rounds; ++round) {
    const double base = timed(one, count_own);
    own_all.push_back(timed(cpus, count_own) / base);
    shared_one.push_back(timed(one, count_shared) / base);
    shared_all.push_back(timed(cpus, count_shared) / base);
  }
  return {median(own_all), median(shared_one), median(shared_all)};
}

}  // namespace exitledger::bench
