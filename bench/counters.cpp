// SPDX-License-Identifier: MIT
#include "counters.h"

#include <algorithm>
#include <atomic>

namespace exitledger::bench {
namespace {

constexpr std::size_t kCacheLine = 64;

struct alignas(kCacheLine) SharedCounter {
  std::atomic<std::uint64_t> value = 0;
};
struct alignas(kCacheLine) OwnCounter {
  std::uint64_t value = 0;
};

SharedCounter shared;
thread_local OwnCounter own;

// As this_cpu_inc() is, and a plain ++ in memory: one instruction that is not locked.
void count_own(unsigned turns) {
  for (unsigned i = 0; i < turns; ++i) asm volatile("incq %0" : "+m"(own.value));
}
void count_shared(unsigned turns) {
  for (unsigned i = 0; i < turns; ++i) shared.value.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

double median(std::vector<double> of) {
  std::ranges::sort(of);
  return of[of.size() / 2];
}

Result<CounterRatios> counter_ratios(const std::vector<std::uint32_t>& cpus, unsigned rounds, const Timed& timed) {
  const std::vector<std::uint32_t> one{cpus.front()};
  std::vector<double> own_all, shared_one, shared_all;
  for (unsigned round = 0; round < rounds; ++round) {
    const auto base = timed(one, count_own);
    if (!base) return tl::unexpected{base.error()};
    const auto add = [&](std::vector<double>& to, const Result<double>& ns) {
      if (ns) to.push_back(*ns / *base);
      return ns;
    };
    for (const auto& ns : {add(own_all, timed(cpus, count_own)), add(shared_one, timed(one, count_shared)),
                           add(shared_all, timed(cpus, count_shared))})
      if (!ns) return tl::unexpected{ns.error()};
  }
  return CounterRatios{median(own_all), median(shared_one), median(shared_all)};
}

}  // namespace exitledger::bench
