// SPDX-License-Identifier: MIT
#include "witness/ebpf_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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
                     .pad = 0};
  }
  void count(std::uint32_t slot, unsigned index, std::uint64_t n) {
    slots_[slot].count[index] += n;
    slots_[slot].count[EL_INDEX_ALL] += n;
  }
  void die(std::uint32_t slot) { owners_[slot].state = EL_SLOT_RETIRED; }

  std::array<el_owner, 4> owners_{};
  std::array<el_slot, 4> slots_{};
  std::vector<std::uint32_t> given_back_;
  bool accepts_ = true;
  SlotBooks books_{owners_, slots_, kOwnTgid, [this](std::uint32_t slot) {
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
