// SPDX-License-Identifier: MIT
#include "witness/ebpf_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kOwnTgid = 77;

/// Stands in for the probe: writes owners and slots as its programs do.
class SlotBooksTest : public testing::Test {
 protected:
  void live(std::uint32_t slot, std::uint64_t vm, std::uint32_t tgid = 1, std::uint64_t born_ns = 1000) {
    owners_[slot] = {.vcpu = 0xA000 + slot,
                     .kvm = 0xB000 + vm,
                     .vm_id = vm,
                     .born_ns = born_ns,
                     .tgid = tgid,
                     .vcpu_id = 0,
                     .state = EL_SLOT_LIVE,
                     .isa = EL_ISA_VMX,
                     .newborn = 1,
                     .load = 0,
                     .sibling = 0,
                     .pad = 0};
  }
  void count(std::uint32_t slot, unsigned index, std::uint64_t n) {
    slots_[slot].count[index] += n;
    slots_[slot].count[EL_INDEX_ALL] += n;
  }
  void die(std::uint32_t slot) { owners_[slot].state = EL_SLOT_RETIRED; }

  std::array<el_owner, 4> owners_{};
  std::array<el_slot, 4> slots_{};
  std::array<el_stats, 4> stats_{};
  std::vector<std::uint32_t> given_back_;
  bool accepts_ = true;
  SlotBooks books_{{owners_, slots_, stats_}, kOwnTgid, [this](std::uint32_t slot) {
                     // What goes back is clean: the probe may use it at once.
                     EXPECT_EQ(slots_[slot].count[EL_INDEX_ALL], 0U);
                     EXPECT_EQ(owners_[slot].state, std::uint32_t{EL_SLOT_FREE});
                     if (accepts_) given_back_.push_back(slot);
                     return accepts_;
                   }};
};

TEST_F(SlotBooksTest, NoSlotNoVm) {
  EXPECT_THAT(books_.sample(), IsEmpty());
  EXPECT_EQ(books_.used(), 0U);
}

TEST_F(SlotBooksTest, AVmIsTheSumOverItsVcpus) {
  live(0, 1, 1, 3000);
  live(2, 1, 1, 2000);
  count(0, 10, 17);
  count(2, 10, 5);
  count(2, 12, 2);
  const auto vms = books_.sample();
  ASSERT_EQ(vms.size(), 1U);
  EXPECT_EQ(vms[0].id, 1U);
  EXPECT_EQ(vms[0].vcpus, 2U);
  EXPECT_EQ(vms[0].born_ns, 2000U);
  EXPECT_FALSE(vms[0].own);
  EXPECT_EQ(vms[0].counts.at[10], 22U);
  EXPECT_EQ(vms[0].counts.at[12], 2U);
  EXPECT_EQ(vms[0].counts.all(), 24U);
  EXPECT_EQ(books_.used(), 2U);
}

TEST_F(SlotBooksTest, LivingVcpusAreListedWhereAskedForAndAddUpWithTheDead) {
  live(0, 1);
  live(1, 1);
  live(3, 2);
  owners_[0].vcpu_id = 2;
  owners_[1].vcpu_id = 1;
  count(0, 10, 17);
  count(1, 10, 5);
  EXPECT_THAT(books_.sample().at(0).living, IsEmpty());
  const auto vms = books_.sample(true);
  ASSERT_EQ(vms.at(0).living.size(), 2U);
  EXPECT_EQ(vms[0].living[0].id, 1U);
  EXPECT_EQ(vms[0].living[0].counts.at[10], 5U);
  EXPECT_EQ(vms[0].living[1].id, 2U);
  EXPECT_EQ(vms[0].living[1].born_ns, 1000U);
  EXPECT_EQ(vms.at(1).living.size(), 1U);
  die(0);
  const auto later = books_.sample(true);
  ASSERT_EQ(later.at(0).living.size(), 1U);
  EXPECT_EQ(later[0].counts.at[10], 22U);
  EXPECT_EQ(later[0].vcpus, 2U);
}

TEST_F(SlotBooksTest, ADeadVmIsNoLongerListed) {
  live(0, 1);
  live(1, 2);
  count(0, 10, 17);
  EXPECT_EQ(books_.sample().size(), 2U);
  count(0, 10, 6);
  die(0);
  const auto vms = books_.sample();
  ASSERT_EQ(vms.size(), 1U);
  EXPECT_EQ(vms[0].id, 2U);
  EXPECT_THAT(given_back_, ElementsAre(0U));
  die(1);
  EXPECT_THAT(books_.sample(), IsEmpty());
}

TEST_F(SlotBooksTest, ADeadVmIsHandedOutOnceWithAllItsCounts) {
  live(0, 1);
  live(1, 1);
  count(0, 10, 5);
  count(1, 10, 2);
  die(0);
  EXPECT_THAT(books_.living(), SizeIs(1));
  ASSERT_THAT(books_.sample(), SizeIs(1));
  EXPECT_THAT(books_.take_dead(), IsEmpty());
  count(1, 10, 4);
  die(1);
  EXPECT_THAT(books_.living(), IsEmpty());
  EXPECT_THAT(books_.sample(), IsEmpty());
  const auto dead = books_.take_dead();
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(dead[0].id, 1U);
  EXPECT_EQ(dead[0].vcpus, 2U);
  EXPECT_EQ(dead[0].counts.all(), 11U);
  EXPECT_THAT(books_.take_dead(), IsEmpty());
}

TEST_F(SlotBooksTest, CountsOfADeadVcpuStayInItsLivingVm) {
  live(0, 1);
  live(1, 1);
  count(0, 10, 17);
  count(1, 10, 4);
  die(0);
  auto vms = books_.sample();
  ASSERT_EQ(vms.size(), 1U);
  EXPECT_EQ(vms[0].vcpus, 2U);
  EXPECT_EQ(vms[0].counts.at[10], 21U);
  count(1, 10, 1);
  vms = books_.sample();
  ASSERT_EQ(vms.size(), 1U);
  EXPECT_EQ(vms[0].vcpus, 2U);
  EXPECT_EQ(vms[0].counts.at[10], 22U);
  die(1);
  EXPECT_THAT(books_.sample(), IsEmpty());
}

TEST_F(SlotBooksTest, AReusedSlotStartsAtZeroForItsNextOwner) {
  live(0, 1);
  count(0, 10, 17);
  die(0);
  books_.fold();
  live(0, 2);
  count(0, 12, 3);
  const auto vms = books_.sample();
  ASSERT_EQ(vms.size(), 1U);
  EXPECT_EQ(vms[0].id, 2U);
  EXPECT_EQ(vms[0].counts.at[10], 0U);
  EXPECT_EQ(vms[0].counts.at[12], 3U);
}

TEST_F(SlotBooksTest, ARefusedSlotIsOfferedAgain) {
  live(3, 1);
  die(3);
  accepts_ = false;
  books_.fold();
  EXPECT_THAT(given_back_, IsEmpty());
  accepts_ = true;
  books_.fold();
  books_.fold();
  EXPECT_THAT(given_back_, ElementsAre(3U));
}

TEST_F(SlotBooksTest, OwnExitsAreTakenOnce) {
  live(0, 1, kOwnTgid);
  live(1, 2, 5);
  count(0, 10, 7);
  count(1, 10, 100);
  EXPECT_EQ(books_.take_own().at[10], 7U);
  EXPECT_EQ(books_.take_own().at[10], 0U);
  count(0, 10, 2);
  die(0);
  EXPECT_EQ(books_.take_own().at[10], 2U);
  EXPECT_EQ(books_.take_own().all(), 0U);
  live(0, 3, kOwnTgid);
  count(0, 12, 1);
  const Counts next = books_.take_own();
  EXPECT_EQ(next.at[12], 1U);
  EXPECT_EQ(next.all(), 1U);
}

TEST_F(SlotBooksTest, OwnVmsAreMarked) {
  live(0, 1, kOwnTgid);
  const auto vms = books_.sample();
  ASSERT_EQ(vms.size(), 1U);
  EXPECT_TRUE(vms[0].own);
}

TEST_F(SlotBooksTest, OwnExitsOfAVmThatASampleForgotAreStillTaken) {
  live(0, 1, kOwnTgid);
  count(0, 10, 7);
  die(0);
  EXPECT_THAT(books_.sample(), IsEmpty());
  EXPECT_EQ(books_.take_own().at[10], 7U);
}

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
