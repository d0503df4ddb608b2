// SPDX-License-Identifier: MIT
#include "export/vm_list.h"

#include <gtest/gtest.h>

#include "model/counts.h"

namespace exitledger {
namespace {

VmSample vm(std::uint64_t id, bool own = false) {
  VmSample sample;
  sample.id = id;
  sample.own = own;
  return sample;
}

VmList listed(const std::vector<VmSample>& living, std::size_t limit) {
  return list_vms(
      living, Vendor::kSvm, Paging::kNpt,
      [](std::uint64_t id) {
        return VmNames{"vm" + std::to_string(id), "u"};
      },
      limit);
}

TEST(VmList, TheOldestStayWithinTheLimitAndTheRestIsCounted) {
  const VmList list = listed({vm(7), vm(2), vm(9), vm(4)}, 2);
  ASSERT_EQ(list.vms.size(), 2u);
  EXPECT_EQ(list.vms[0].sample.id, 2u);
  EXPECT_EQ(list.vms[1].sample.id, 4u);
  EXPECT_EQ(list.vms[1].name, "vm4");
  EXPECT_EQ(list.vms[1].paging, Paging::kNpt);
  EXPECT_EQ(list.left_out, 2u);
}

TEST(VmList, OwnMicroGuestsAreNeitherListedNorLeftOut) {
  const VmList list = listed({vm(1, true), vm(2), vm(3, true)}, 1);
  ASSERT_EQ(list.vms.size(), 1u);
  EXPECT_EQ(list.vms[0].sample.id, 2u);
  EXPECT_EQ(list.left_out, 0u);
}

TEST(VmList, ALimitOfZeroLeavesAllOut) {
  const VmList list = listed({vm(1), vm(2)}, 0);
  EXPECT_TRUE(list.vms.empty());
  EXPECT_EQ(list.left_out, 2u);
}

}  // namespace
}  // namespace exitledger
