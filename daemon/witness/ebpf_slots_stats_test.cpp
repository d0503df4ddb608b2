// SPDX-License-Identifier: MIT
// What the books make of KVM's own statistics.
#include <functional>

#include "witness/ebpf_slots_fixture.h"

namespace exitledger {
namespace {

/// KVM's "exits": `base` when the slot was given out, `now` while the vCPU lives, `last` at its death.
class SlotStatsTest : public SlotBooksTest {
 protected:
  static constexpr std::uint64_t kNow = 5000;
  void kvm_counts(std::uint32_t slot, std::uint64_t base, std::uint64_t now) {
    stats_[slot].base[EL_STAT_EXITS] = base;
    stats_[slot].now[EL_STAT_EXITS] = now;
    stats_[slot].has_base = 1;
    stats_[slot].now_ns = kNow;
  }
  void die_read(std::uint32_t slot, std::uint64_t last) {
    stats_[slot].last[EL_STAT_EXITS] = last;
    stats_[slot].has_last = 1;
    die(slot);
  }
  StatSums look(
      std::uint32_t load = 0, const std::function<void()>& meanwhile = [] {}) {
    return books_.kvm_stats(load, [&] {
      meanwhile();
      return kNow;
    });
  }
};

TEST_F(SlotStatsTest, LivingAndDeadAreSummedApart) {
  live(0, 1);
  live(1, 1);
  owners_[0].newborn = 0;
  count(0, 10, 7);
  count(1, 10, 5);
  kvm_counts(0, 100, 106);
  kvm_counts(1, 0, 5);
  StatSums sums = look();
  EXPECT_EQ(sums.living_vcpus, 2U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].statistic, 11U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].counted, 12U);
  die_read(0, 107);
  for (int again = 0; again < 2; ++again) {
    sums = look();
    EXPECT_EQ(sums.living_vcpus, 1U);
    EXPECT_EQ(sums.dead_vcpus, 1U);
    EXPECT_EQ(sums.living[EL_STAT_EXITS].statistic, 5U);
    EXPECT_EQ(sums.dead[EL_STAT_EXITS].statistic, 7U);
    EXPECT_EQ(sums.dead[EL_STAT_EXITS].counted, 7U);
  }
}

TEST_F(SlotStatsTest, ExitsWhileItIsReadAreSeen) {
  live(0, 1);
  count(0, 10, 7);
  kvm_counts(0, 0, 8);
  const StatSums sums = look(0, [this] { count(0, 10, 2); });
  EXPECT_EQ(sums.living[EL_STAT_EXITS].counted_before, 7U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].counted, 9U);
}

TEST_F(SlotStatsTest, ADeathWhileItIsReadIsADeath) {
  live(0, 1);
  count(0, 10, 7);
  kvm_counts(0, 0, 6);
  const StatSums sums = look(0, [this] { die_read(0, 7); });
  EXPECT_EQ(sums.living_vcpus, 0U);
  EXPECT_EQ(sums.dead_vcpus, 1U);
  EXPECT_EQ(sums.dead[EL_STAT_EXITS].statistic, 7U);
  EXPECT_EQ(look().dead[EL_STAT_EXITS].statistic, 7U) << "once, also after it was folded";
}

TEST_F(SlotStatsTest, WhatWasNotReadIsInNoSum) {
  live(0, 1);
  live(1, 1);
  count(0, 10, 7);
  count(1, 10, 7);
  kvm_counts(0, 0, 7);
  kvm_counts(1, 0, 7);
  stats_[0].now_ns = kNow - 1;  // of the look before
  EXPECT_EQ(look().unread_vcpus, 1U);
  die(1);  // unseen
  const StatSums sums = look();
  EXPECT_EQ(sums.unread_vcpus, 2U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].counted + sums.dead[EL_STAT_EXITS].counted, 0U);
}

constexpr auto kPfFixed = EL_STAT_PF_FIXED - EL_STAT_JUDGED, kZapped = EL_STAT_MMU_SHADOW_ZAPPED - EL_STAT_JUDGED,
               kPages = EL_STAT_PAGES_4K - EL_STAT_JUDGED;

TEST_F(SlotStatsTest, TheMmuOfAVmStandsInTheSlotOfItsFirstVcpu) {
  live(0, 1);
  live(1, 1);
  owners_[1].sibling = 1;
  kvm_counts(0, 0, 7);
  kvm_counts(1, 0, 7);
  stats_[0].now[EL_STAT_PF_FIXED] = stats_[1].now[EL_STAT_PF_FIXED] = 4;
  stats_[0].now[EL_STAT_MMU_SHADOW_ZAPPED] = stats_[1].now[EL_STAT_MMU_SHADOW_ZAPPED] = 9;
  stats_[0].now[EL_STAT_PAGES_4K] = stats_[1].now[EL_STAT_PAGES_4K] = 512;
  const StatSums sums = look();
  EXPECT_EQ(sums.mmu.at(kPfFixed), 8U);
  EXPECT_EQ(sums.mmu.at(kZapped), 9U);
  EXPECT_EQ(sums.mmu.at(kPages), 512U);
}

TEST_F(SlotStatsTest, TheMmuOfTheDeadIsCountedAndItsLevelsAreGone) {
  live(0, 1);
  owners_[0].newborn = 0;
  kvm_counts(0, 0, 7);
  stats_[0].base[EL_STAT_PF_FIXED] = 100;
  stats_[0].now[EL_STAT_PF_FIXED] = 103;
  stats_[0].now[EL_STAT_PAGES_4K] = stats_[0].last[EL_STAT_PAGES_4K] = 512;
  EXPECT_EQ(look().mmu.at(kPfFixed), 3U);
  stats_[0].last[EL_STAT_PF_FIXED] = 105;
  die_read(0, 7);
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(look().mmu.at(kPfFixed), 5U);
    EXPECT_EQ(look().mmu.at(kPages), 0U);
  }
}

TEST_F(SlotStatsTest, TheReadersOwnVmsAreInNoMmuSum) {
  live(0, 1, kOwnTgid);
  kvm_counts(0, 0, 7);
  stats_[0].now[EL_STAT_PF_FIXED] = stats_[0].last[EL_STAT_PF_FIXED] = 4;
  EXPECT_EQ(look().mmu.at(kPfFixed), 0U);
  die_read(0, 7);
  EXPECT_EQ(look().mmu.at(kPfFixed), 0U);
}

TEST_F(SlotStatsTest, VcpusOfLaterLoadsAreLeftOutWhereTheyAreNotAskedFor) {
  live(0, 1);
  live(1, 2);
  owners_[0].load = 1;
  owners_[1].load = 2;
  kvm_counts(0, 0, 7);
  kvm_counts(1, 0, 5);
  const auto read = [] { return kNow; };
  EXPECT_EQ(books_.kvm_stats(1, read, 2).living[EL_STAT_EXITS].statistic, 7U);
  die_read(1, 5);
  EXPECT_EQ(books_.kvm_stats(1, read, 2).dead_vcpus, 0U);
  EXPECT_EQ(books_.kvm_stats(1, read).dead_vcpus, 1U);
}

TEST_F(SlotStatsTest, VcpusOfEarlierLoadsAreLeftOut) {
  live(0, 1);
  owners_[0].load = 1;
  kvm_counts(0, 3, 10);
  count(0, 10, 7);
  die_read(0, 10);
  live(1, 2);
  owners_[1].load = 2;
  kvm_counts(1, 4, 9);
  count(1, 10, 5);
  EXPECT_EQ(look(1).dead[EL_STAT_EXITS].statistic, 10U) << "from birth: the load was seen";
  const StatSums sums = look(2);
  EXPECT_EQ(sums.dead_vcpus, 0U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].statistic, 9U);
}

}  // namespace
}  // namespace exitledger
