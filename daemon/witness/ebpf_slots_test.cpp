// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include "witness/ebpf_slots_fixture.h"

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

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

}  // namespace
}  // namespace exitledger
