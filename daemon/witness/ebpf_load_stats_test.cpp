// SPDX-License-Identifier: MIT
// The third witness: KVM's own statistics of vCPUs, and the tracepoints of its hypercalls.
#include "witness/ebpf_load_fixture.h"

namespace exitledger {
namespace {

using testing::SizeIs;

class EbpfStats : public EbpfLoad {
 protected:
  StatSums look(std::uint64_t load = 0) {
    const auto sums = witness_->kvm_stats(load);
    EXPECT_TRUE(sums) << sums.error().message();
    return sums ? *sums : StatSums{};
  }
  void load_module() { ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")})); }
};

TEST_F(EbpfStats, ALivingVcpuSinceItsFirstExitSeen) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->set_vcpu_exits(0, 1000);
  kernel_->set_vcpu_hypercalls(0, 70);
  exit_vmx(0, 48, 5);
  exit_vmx(0, vmx::kVmcall, 2);
  kernel_->set_vcpu_exits(0, 1007);
  kernel_->set_vcpu_hypercalls(0, 71);  // the second is on its way
  const StatSums sums = look();
  EXPECT_EQ(sums.living_vcpus, 1U);
  EXPECT_EQ(sums.unread_vcpus, 0U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].statistic, 7U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].counted_before, 7U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].counted, 7U);
  EXPECT_EQ(sums.living[EL_STAT_HYPERCALLS].statistic, 1U);
  EXPECT_EQ(sums.living[EL_STAT_HYPERCALLS].counted, 2U);
  EXPECT_TRUE(sums.known[EL_STAT_EXITS]);
  EXPECT_FALSE(sums.known[EL_STAT_IO_EXITS]) << "these types have no place for it";
}

TEST_F(EbpfStats, OfAVcpuBornUnderALoadThatWasSeenAllIsKnown) {
  start();
  load_module();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->set_vcpu_exits(0, 9);  // passes of the emulator, before the first exit
  exit_vmx(0, 48, 5);
  kernel_->set_vcpu_exits(0, 14);
  EXPECT_EQ(look(1).living[EL_STAT_EXITS].statistic, 14U);
  EXPECT_EQ(look(0).living[EL_STAT_EXITS].statistic, 14U);
  load_module();
  EXPECT_EQ(look(2).living_vcpus, 0U) << "of an earlier load";
}

TEST_F(EbpfStats, OneWhoseDeathWentUnseenIsNotRead) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 48, 5);
  kernel_->make_vcpu(1, 0x3000);
  exit_vmx(1, 48, 1);             // this CPU's cache is the other's now
  kernel_->make_vcpu(0, 0x2000);  // the slab gave its memory to another VM's
  exit_vmx(0, 48, 1);
  const StatSums sums = look();
  EXPECT_EQ(sums.unread_vcpus, 1U);
  EXPECT_EQ(sums.dead_vcpus, 0U);
  EXPECT_EQ(sums.living_vcpus, 2U);
  EXPECT_EQ(sums.living[EL_STAT_EXITS].counted, 2U);
}

TEST_F(EbpfStats, TheMmuOfAVmIsReadOnceAndThatOfEachVcpu) {
  start(Vendor::kVmx, 8, true, true);
  const std::uint64_t vm = kernel_->make_kvm(0, 2);
  kernel_->set_vm_mmu(0, 30, 512);
  for (const unsigned n : {0U, 1U}) {
    kernel_->make_vcpu(n, vm, n);
    kernel_->set_vcpu_exits(n, 100);
    kernel_->set_vcpu_pf_fixed(n, 10);
    as_guest([&] { exit_vmx(n, 48, 5); });
  }
  kernel_->set_vcpu_pf_fixed(0, 11);
  kernel_->set_vcpu_pf_fixed(1, 13);
  kernel_->set_vm_mmu(0, 37, 500);
  const StatSums sums = look();
  EXPECT_EQ(sums.unread_vcpus, 0U);
  EXPECT_EQ(sums.mmu.at(EL_STAT_PF_FIXED - EL_STAT_JUDGED), 4U);
  EXPECT_EQ(sums.mmu.at(EL_STAT_MMU_PTE_WRITE - EL_STAT_JUDGED), 7U);
  EXPECT_EQ(sums.mmu.at(EL_STAT_PAGES_4K - EL_STAT_JUDGED), 500U) << "a level has no start";
  EXPECT_TRUE(sums.known[EL_STAT_PAGES_4K]);
  EXPECT_FALSE(sums.known[EL_STAT_MMU_UNSYNC]) << "these types have no place for it";
}

TEST_F(EbpfStats, HypercallsByTheirTracepoints) {
  start();
  ASSERT_TRUE(run_program("on_hv_hypercall", {0x5C}));
  ASSERT_TRUE(run_program("on_xen_hypercal", {17}));
  ASSERT_TRUE(run_program("on_xen_hypercal", {17}));
  ASSERT_TRUE(run_program("on_reflected", {vmx::kVmcall, 0, 0, 0, 0, kVmx}));
  ASSERT_TRUE(run_program("on_reflected", {vmx::kCpuid, 0, 0, 0, 0, kVmx}));
  ASSERT_TRUE(run_program("on_reflected", {svm::kVmmcall, 0, 0, 0, 0, kSvm}));
  const Hypercalls calls = witness_->sample().hypercalls;
  EXPECT_EQ(calls.hyperv, 1U);
  EXPECT_EQ(calls.xen, 2U);
  EXPECT_EQ(calls.reflected, 3U);
  EXPECT_EQ(calls.reflected_hypercall, 2U);
}

TEST_F(EbpfStats, EventsOfNestedGuestsStandInTheHostsBookAndTheVcpus) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, vmx::kCpuid);
  ASSERT_TRUE(run_program("on_nested_exit", {kernel_->vcpu(0), kVmx}));
  kernel_->load_vcpu(0);
  EXPECT_TRUE(run_program("on_reflected", {vmx::kCpuid, 0, 0, 0, 0, kVmx}));
  EXPECT_TRUE(run_program("on_reflected", {vmx::kCpuid, 0, 0, 0, 0, kVmx}));
  kernel_->load_none();
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(count_of(sample.counts, Vendor::kVmx, kReasonNested), 1U);
  EXPECT_EQ(count_of(sample.counts, Vendor::kVmx, kReasonInjected), 2U);
  ASSERT_THAT(sample.vms, SizeIs(1));
  EXPECT_EQ(count_of(sample.vms[0].counts, Vendor::kVmx, kReasonNested), 1U);
  EXPECT_EQ(count_of(sample.vms[0].counts, Vendor::kVmx, kReasonInjected), 2U);
  EXPECT_EQ(sample.counts.all(), 1U) << "they are no exits more";
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfStats, AnEventOfANestedGuestBeforeAnyExitOfItsVcpuGivesItASlot) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->load_vcpu(0);
  EXPECT_TRUE(run_program("on_reflected", {vmx::kExternalInterrupt, 0, 0, 0, 0, kVmx}));
  kernel_->load_none();
  exit_vmx(0, vmx::kCpuid, 3);
  const ProbeSample sample = witness_->sample();
  ASSERT_THAT(sample.vms, SizeIs(1));
  EXPECT_EQ(count_of(sample.vms[0].counts, Vendor::kVmx, kReasonInjected), 1U);
  EXPECT_EQ(sample.vms[0].counts.all(), 3U);
  EXPECT_EQ(sample.losses.total(), 0U);
}

// Its reason cannot be read where the vCPU is none: it must not get onto the hot path by an event of a nested guest.
TEST_F(EbpfStats, AVcpuKnownByANestedGuestAloneIsReadSafely) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->set_svm_vmcb(0, 0x10);
  ASSERT_TRUE(run_program("on_nested_exit", {kernel_->vcpu(0), kSvm}));
  ASSERT_TRUE(run_program(exit_program_, {kernel_->vcpu(0), kSvm}));
  EXPECT_EQ(witness_->sample().losses.cause[EL_LOSS_READ_FAILED] + witness_->sample().losses.cause[EL_LOSS_NO_OFFSET],
            1U);
}

TEST_F(EbpfStats, AnEventOfANestedGuestWhoseVcpuIsNotKnownIsALoss) {
  start();
  kernel_->load_none();
  ASSERT_TRUE(run_program("on_reflected", {vmx::kCpuid, 0, 0, 0, 0, kVmx}));
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(count_of(sample.counts, Vendor::kVmx, kReasonInjected), 1U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_NO_SLOT], 1U);
}

TEST_F(EbpfStats, ALoadTakesTheHypercallsWithIt) {
  start();
  ASSERT_TRUE(run_program("on_kvm_hypercal", {5}));
  load_module();
  ASSERT_TRUE(run_program("on_kvm_hypercal", {5}));
  const auto loads = witness_->boundaries_since(0);
  ASSERT_THAT(loads, SizeIs(1));
  EXPECT_EQ(loads[0].hypercalls.nr[5], 1U);
}

}  // namespace
}  // namespace exitledger
