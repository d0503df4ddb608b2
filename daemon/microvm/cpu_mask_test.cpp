// SPDX-License-Identifier: MIT
#include "microvm/cpu_mask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CpuMask, ACpuBeyondGlibcsSet) {
  EXPECT_THAT(cpus_in(only_cpu(0, 1)), ElementsAre(0U));
  EXPECT_THAT(cpus_in(only_cpu(63, 16)), ElementsAre(63U));
  EXPECT_THAT(cpus_in(only_cpu(64, 1)), ElementsAre(64U));
  EXPECT_THAT(cpus_in(only_cpu(8191, 16)), ElementsAre(8191U));
  EXPECT_EQ(only_cpu(3, 16).size(), 16U);
  EXPECT_THAT(cpus_in({0x8000000000000001, 2}), ElementsAre(0U, 63U, 65U));
  EXPECT_THAT(cpus_in({}), IsEmpty());
}

TEST(CpuMask, FromStatus) {
  const auto cpus = [](const char* words) {
    const auto mask = cpus_allowed_in(std::string("Name:\tx\nCpus_allowed:\t") + words + "\nCpus_allowed_list:\t7\n");
    return mask ? cpus_in(*mask) : std::vector<std::uint32_t>{};
  };
  EXPECT_THAT(cpus("3"), ElementsAre(0U, 1U));
  EXPECT_THAT(cpus("00000000,80000001"), ElementsAre(0U, 31U));
  EXPECT_THAT(cpus("8,00000001,00000000"), ElementsAre(32U, 67U));
  for (const char* wrong : {"", "3,", ",3", "x", "3 4", "123456789"}) EXPECT_THAT(cpus(wrong), IsEmpty()) << wrong;
  EXPECT_FALSE(cpus_allowed_in("Name:\tx\nCpus_allowed_list:\t0-1\n"));
}

const CpuMask kBoth{0b11}, kFirst{0b01}, kSecond{0b10};

TEST(Affinity, ACpuThatWasOfflineForOneReadingIsNotLost) {
  Affinity affinity;
  EXPECT_EQ(affinity.wished(kBoth), kBoth);
  affinity.left(kBoth, kFirst);  // CPU 1 is offline: the kernel cuts it off
  EXPECT_EQ(affinity.wished(kFirst), kBoth);
  affinity.left(kBoth, kFirst);
  EXPECT_EQ(affinity.wished(kFirst), kBoth);
  affinity.left(kBoth, kBoth);  // it is back
  EXPECT_EQ(affinity.wished(kBoth), kBoth);
}

TEST(Affinity, WhatSomebodyElseSetsMeanwhileCounts) {
  Affinity affinity;
  (void)affinity.wished(kBoth);
  affinity.left(kBoth, kFirst);
  EXPECT_EQ(affinity.wished(kSecond), kSecond);
  affinity.left(kSecond, kSecond);
  EXPECT_EQ(affinity.wished(kBoth), kBoth);
}

}  // namespace
}  // namespace exitledger
