// SPDX-License-Identifier: MIT
#include "microvm/cpu_pin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>
#include <utility>

namespace exitledger {
namespace {

cpu_set_t allowed() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  return set;
}

TEST(CpuPin, ThreadRunsOnThatCpuAndGetsItsAffinityBack) {
  const cpu_set_t before = allowed();
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &before)) continue;
    auto pin = CpuPin::to(cpu);
    ASSERT_TRUE(pin) << pin.error().message();
    const CpuPin moved = std::move(*pin);
    EXPECT_EQ(::sched_getcpu(), static_cast<int>(cpu));
  }
  const cpu_set_t after = allowed();
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(CpuPin, UsableAreTheCpusOfTheThreadNotOfAPin) {
  const cpu_set_t set = allowed();
  std::vector<std::uint32_t> expected;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) expected.push_back(cpu);
  EXPECT_EQ(usable_cpus().value(), expected);
  for (const std::uint32_t cpu : expected) ASSERT_TRUE(CpuPin::to(cpu));
  EXPECT_EQ(usable_cpus().value(), expected);
}

TEST(CpuPin, AnAffinitySetBetweenTwoPinsIsKept) {
  const cpu_set_t before = allowed();
  const std::vector<std::uint32_t> all = usable_cpus().value();
  cpu_set_t last;
  CPU_ZERO(&last);
  CPU_SET(all.back(), &last);
  ASSERT_EQ(::sched_setaffinity(0, sizeof last, &last), 0);
  ASSERT_TRUE(CpuPin::to(all.back()));
  EXPECT_THAT(usable_cpus().value(), testing::ElementsAre(all.back()));
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(usable_cpus().value(), all);
}

TEST(CpuPin, ACpuThatDoesNotExistIsAnErrorAndChangesNothing) {
  const cpu_set_t before = allowed();
  for (const unsigned cpu : {1000u, 1'000'000u}) {
    const auto pin = CpuPin::to(cpu);
    ASSERT_FALSE(pin);
    EXPECT_EQ(pin.error().code, EINVAL);
    EXPECT_EQ(pin.error().object, "CPU " + std::to_string(cpu));
  }
  const cpu_set_t after = allowed();
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

}  // namespace
}  // namespace exitledger
