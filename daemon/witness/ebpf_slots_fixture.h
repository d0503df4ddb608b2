// SPDX-License-Identifier: MIT
// For the tests ebpf_slots_*: a probe's arrays, written by hand.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "witness/ebpf_slots.h"

namespace exitledger {

inline constexpr std::uint32_t kOwnTgid = 77;

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

}  // namespace exitledger
