// SPDX-License-Identifier: MIT
#include "session/session_mmu.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::Pair;

StatSums sums_of(std::uint64_t pf_fixed, std::uint64_t pages_4k) {
  StatSums sums;
  sums.known[EL_STAT_PF_FIXED] = sums.known[EL_STAT_PAGES_4K] = true;
  sums.mmu.at(EL_STAT_PF_FIXED - EL_STAT_JUDGED) = pf_fixed;
  sums.mmu.at(EL_STAT_PAGES_4K - EL_STAT_JUDGED) = pages_4k;
  return sums;
}

TEST(SessionMmu, CountsSinceTheStartAndTheMostOfALevel) {
  SessionMmu mmu{sums_of(100, 7).mmu};
  EXPECT_FALSE(mmu.stats()) << "nobody looked yet";
  mmu.look(sums_of(130, 512), true);
  mmu.look(sums_of(140, 3), true);
  EXPECT_THAT(mmu.stats(), Optional(ElementsAre(Pair("pages_4k", 512), Pair("pf_fixed", 40))));
  EXPECT_EQ(mmu.newest(), sums_of(140, 3).mmu);
}

TEST(SessionMmu, SayNothingWhereAVcpuIsInNoSum) {
  SessionMmu mmu{MmuSums{}};
  StatSums unread = sums_of(140, 3);
  unread.unread_vcpus = 1;
  mmu.look(unread, true);
  EXPECT_FALSE(mmu.stats());
  EXPECT_FALSE(mmu.newest());
  mmu.look(sums_of(140, 3), false);
  EXPECT_FALSE(mmu.stats());
}

TEST(SessionMmu, SayNothingWhereTheStartIsNotKnown) {
  SessionMmu mmu{std::nullopt};
  mmu.look(sums_of(140, 3), true);
  EXPECT_FALSE(mmu.stats());
}

}  // namespace
}  // namespace exitledger
