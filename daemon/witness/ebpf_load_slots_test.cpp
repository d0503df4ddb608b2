// SPDX-License-Identifier: MIT
// Slots and VMs: whose exits, and what becomes of a slot when its vCPU dies.
#include <numeric>

#include "witness/ebpf_load_fixture.h"

namespace exitledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_F(EbpfLoad, AVcpuKeepsItsSlotAcrossCpus) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "needs two CPUs";
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->make_vcpu(1, 0x1000, 1);
  for (unsigned round = 0; round < 6; ++round) {
    ASSERT_TRUE(move_to_cpu(round % 2));
    exit_vmx(0, 48, 3);
    exit_vmx(1, 30, 2);
  }
  const ProbeSample sample = witness_->sample();
  ASSERT_THAT(sample.vms, SizeIs(1));
  EXPECT_EQ(sample.vms[0].vcpus, 2U);
  EXPECT_EQ(sample.vms[0].counts.at[48], 18U);
  EXPECT_EQ(sample.vms[0].counts.at[30], 12U);
  EXPECT_EQ(sample.counts.all(), 30U);
  EXPECT_EQ(sample.slots_used, 2U);
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, VmsAreToldApartByTheirKvm) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->make_vcpu(1, 0x2000);
  exit_vmx(0, 48, 3);
  exit_vmx(1, 48, 4);
  const auto vms = witness_->sample().vms;
  ASSERT_THAT(vms, SizeIs(2));
  EXPECT_EQ(vms[0].id, 1U);
  EXPECT_EQ(vms[0].counts.at[48], 3U);
  EXPECT_EQ(vms[1].id, 2U);
  EXPECT_EQ(vms[1].counts.at[48], 4U);
  EXPECT_TRUE(vms[0].own);
  EXPECT_EQ(vms[0].tgid, static_cast<std::uint32_t>(::getpid()));
  EXPECT_GT(vms[0].born_ns, 0U);
  EXPECT_THAT(witness_->drain(), IsEmpty());  // nothing for the daemon to do
}

TEST_F(EbpfLoad, WhenSlotsRunOutTheHostsBookIsWhole) {
  start(Vendor::kVmx, 2);
  for (unsigned n = 0; n < 4; ++n) {
    kernel_->make_vcpu(n, 0x1000 + n);
    exit_vmx(n, 30, 5);
  }
  exit_vmx(0, 30, 1);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.counts.at[30], 21U);
  EXPECT_EQ(sample.counts.all(), 21U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_NO_SLOT], 10U);
  EXPECT_EQ(sample.losses.total(), 10U);
  EXPECT_EQ(sample.losses.of_host_book(), 0U);
  EXPECT_EQ(sample.slots_used, 2U);
  ASSERT_THAT(sample.vms, SizeIs(2));
  EXPECT_EQ(sample.vms[0].counts.at[30], 6U);
}

TEST_F(EbpfLoad, ADeathThatWentUnseenShowsByTheKvm) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->make_vcpu(1, 0x9000);
  exit_vmx(0, 48, 3);
  kernel_->make_vcpu(0, 0x2000);  // another vCPU at the same address
  exit_vmx(1, 30);                // the CPU runs something else in between
  exit_vmx(0, 48, 4);
  const auto vms = witness_->sample().vms;
  ASSERT_THAT(vms, SizeIs(2));
  EXPECT_EQ(vms[0].id, 2U);
  EXPECT_EQ(vms[1].id, 3U);
  EXPECT_EQ(vms[1].counts.at[48], 4U);
  EXPECT_EQ(witness_->take_own_counts().at[48], 7U);  // the dead one's are not lost
}

TEST_F(EbpfLoad, AfterADeathThatWentUnseenNoCpuRemembersTheSlot) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "needs two CPUs";
  start(Vendor::kVmx, 3);
  for (const unsigned n : {0U, 1U, 2U}) kernel_->make_vcpu(n, 0x1000 * (n + 1), n);
  for (const unsigned cpu : {1U, 0U}) {
    ASSERT_TRUE(move_to_cpu(cpu));
    exit_vmx(0, 48, 3);
    enter(0);
    exit_vmx(0, 48);
  }
  exit_vmx(1, 30);                               // the CPU runs something else in between
  kernel_->make_vcpu(0, 0x9000);                 // another vCPU at the same address
  exit_vmx(0, 12);                               // CPU 0 sees that and retires the dead one's slot
  ASSERT_EQ(witness_->sample().slots_used, 2U);  // folded and given back
  exit_vmx(2, 28, 5);                            // which gets the slot
  ASSERT_TRUE(move_to_cpu(1));
  exit_vmx(0, 12, 6);
  enter(0);
  exit_vmx(0, 12);
  const ProbeSample sample = witness_->sample();
  ASSERT_THAT(sample.vms, SizeIs(3));
  EXPECT_EQ(sample.vms[1].counts.at[12], 8U);
  EXPECT_EQ(sample.vms[1].counts.all(), 8U);
  EXPECT_EQ(sample.vms[2].counts.at[28], 5U);
  EXPECT_EQ(sample.vms[2].counts.all(), 5U);
  EXPECT_EQ(std::reduce(sample.durations.at(12).bucket.begin(), sample.durations.at(12).bucket.end()), 1U);
  EXPECT_FALSE(sample.durations.contains(28));  // whose exit goes on
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, SlotsGoRoundThroughTheQueue) {
  start(Vendor::kVmx, 2);
  kernel_->make_vcpu(1, 0x9000);
  exit_vmx(1, 30);
  for (unsigned life = 0; life < 20; ++life) {
    kernel_->make_vcpu(0, 0x10000 + life);
    exit_vmx(1, 30);
    exit_vmx(0, 48, life + 1);  // finds its address taken by the dead: retires it, and no slot is free yet
    (void)witness_->sample();
    exit_vmx(1, 30);
    exit_vmx(0, 12);
    const auto after = witness_->sample();
    ASSERT_FALSE(after.vms.empty());
    EXPECT_EQ(after.vms.back().counts.at[12], 1U) << life;
    EXPECT_EQ(after.slots_used, 2U);
    EXPECT_EQ(after.vms.back().counts.at[48], life == 0 ? 1U : 0U) << life;
  }
  EXPECT_EQ(witness_->sample().counts.at[48], 210U);
}

}  // namespace
}  // namespace exitledger
