// SPDX-License-Identifier: MIT
#include "witness/cpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exitledger.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

TEST(CpusOfBook, OneMoreThanTheHighestNumber) {
  struct Case {
    std::string possible;
    std::uint32_t cpus;
  };
  for (const Case& c :
       {Case{"0", 1}, Case{"0-1", 2}, Case{"0-3,8-11", 12}, Case{"0,2", 3}, Case{"0-2047", EL_MOST_CPUS},
        Case{"0-8191", EL_MOST_CPUS}, Case{"0-4294967295", EL_MOST_CPUS}}) {
    const TempTree sys;
    sys.write("devices/system/cpu/possible", c.possible + "\n");
    const auto cpus = cpus_of_book(sys.path());
    ASSERT_TRUE(cpus) << cpus.error().message();
    EXPECT_EQ(*cpus, c.cpus) << c.possible;
  }
}

TEST(CpusOfBook, WhatIsNoListIsRefused) {
  for (const std::string possible : {"", "0-", "0-x", "-", "0-3 "}) {
    const TempTree sys;
    sys.write("devices/system/cpu/possible", possible + "\n");
    const auto cpus = cpus_of_book(sys.path());
    ASSERT_FALSE(cpus) << possible;
    EXPECT_THAT(cpus.error().message(), HasSubstr("devices/system/cpu/possible"));
  }
  EXPECT_FALSE(cpus_of_book(TempTree{}.path()));
}

}  // namespace
}  // namespace exitledger
