// SPDX-License-Identifier: MIT
// The real probe in the running kernel: every reason in both books. Needs root.
#include "witness/ebpf_load_fixture.h"

namespace exitledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_F(EbpfLoad, AttachesAndIsEmpty) {
  start();
  for (const ProgramHealth& program : witness_->programs()) {
    const bool of_modules = program.how.starts_with("raw_tp/module_");
    EXPECT_TRUE(program.attached || of_modules) << program.how;
    EXPECT_EQ(program.recursion_misses, 0U) << program.how;
  }
  EXPECT_THAT(witness_->death_hook(), testing::AnyOf("fentry", "kprobe", "none"));
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.losses.total(), 0U);
  EXPECT_EQ(sample.counts, Counts{});
  EXPECT_THAT(sample.vms, IsEmpty());
  EXPECT_EQ(sample.slots_used, 0U);
  EXPECT_EQ(sample.slots_limit, 8U);
  EXPECT_THAT(witness_->boundaries_since(0), IsEmpty());
  EXPECT_THAT(witness_->drain(), IsEmpty());
  EXPECT_THAT(witness_->take_own_answers(), IsEmpty());
  EXPECT_THAT(witness_->guest_answers(), IsEmpty());
}

// The model knows by name which programs' misses the host's book suffers from: a renamed one must not slip out.
TEST_F(EbpfLoad, MissesOfTheProgramsBehindTheHostsBookAreItsLosses) {
  for (const bool time : {true, false}) {
    start(Vendor::kVmx, 8, time);
    std::vector<std::string> feared;
    for (const ProgramHealth& program : witness_->programs()) {
      Losses losses;
      losses.recursion_misses[program.name] = 1;
      if (losses.of_host_book() != 0) feared.push_back(program.how);
    }
    EXPECT_THAT(feared, testing::UnorderedElementsAre("raw_tp/kvm_exit", "raw_tp/kvm_cpuid", "raw_tp/kvm_nested_vmexit",
                                                      "raw_tp/kvm_nested_vmexit_inject"));
    witness_.reset();
  }
}

TEST_F(EbpfLoad, EveryVmxReasonInBothBooks) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  std::uint64_t all = 0;
  for (unsigned reason = 0; reason < EL_INDEX_DIRECT; ++reason) {
    exit_vmx(0, reason, 1 + reason % 7);
    all += 1 + reason % 7;
  }
  const ProbeSample sample = witness_->sample();
  ASSERT_THAT(sample.vms, SizeIs(1));
  for (unsigned reason = 0; reason < EL_INDEX_DIRECT; ++reason) {
    EXPECT_EQ(sample.counts.at[reason], 1 + reason % 7) << reason;
    EXPECT_EQ(sample.vms[0].counts.at[reason], 1 + reason % 7) << reason;
  }
  EXPECT_EQ(sample.counts.all(), all);
  EXPECT_EQ(sample.vms[0].counts.all(), all);
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, FlagBitsAreCountedBesidesTheBasicReason) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 33 | EL_VMX_FAILED_ENTRY, 3);
  exit_vmx(0, 48 | EL_VMX_BUS_LOCK, 5);
  exit_vmx(0, 0 | EL_VMX_ENCLAVE | EL_VMX_BUS_LOCK, 7);
  exit_vmx(0, 48);
  const ProbeSample sample = witness_->sample();
  ASSERT_THAT(sample.vms, SizeIs(1));
  for (const Counts& book : {sample.counts, sample.vms[0].counts}) {
    EXPECT_EQ(book.at[33], 3U);
    EXPECT_EQ(book.at[48], 6U);
    EXPECT_EQ(book.at[0], 7U);
    EXPECT_EQ(book.at[EL_INDEX_FAILED_ENTRY], 3U);
    EXPECT_EQ(book.at[EL_INDEX_BUS_LOCK], 12U);
    EXPECT_EQ(book.at[EL_INDEX_ENCLAVE], 7U);
    EXPECT_EQ(book.all(), 16U);
    EXPECT_EQ(book.at[EL_INDEX_UNKNOWN], 0U);
  }
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, CodesWithoutIndexAreUnknownNotDropped) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  for (const std::uint32_t reason : {168U, 1000U, 0xFFFFU}) exit_vmx(0, reason, 2);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.counts.at[EL_INDEX_UNKNOWN], 6U);
  EXPECT_EQ(sample.counts.all(), 6U);
  EXPECT_EQ(only_vm().counts.at[EL_INDEX_UNKNOWN], 6U);
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, EverySvmCode) {
  start(Vendor::kSvm);
  kernel_->make_vcpu(0, 0x1000);
  exit_svm(0, 0x72, 5);
  exit_svm(0, 0x400, 3);
  exit_svm(0, 0x403, 2);
  exit_svm(0, 0xFFFFFFFF, 4);
  exit_svm(0, 0xFFFFFFFC, 1);
  exit_svm(0, 0x500, 6);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(count_of(sample.counts, Vendor::kSvm, 0x72), 5U);
  EXPECT_EQ(count_of(sample.counts, Vendor::kSvm, 0x400), 3U);
  EXPECT_EQ(count_of(sample.counts, Vendor::kSvm, 0x403), 2U);
  EXPECT_EQ(count_of(sample.counts, Vendor::kSvm, 0xFFFF), 4U);
  EXPECT_EQ(count_of(sample.counts, Vendor::kSvm, 0xFFFC), 1U);
  EXPECT_EQ(count_of(sample.counts, Vendor::kSvm, kReasonUnknown), 6U);
  EXPECT_EQ(sample.counts.all(), 21U);
  EXPECT_EQ(only_vm().counts, sample.counts);
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, WithoutTheOffsetAllIsCountedAndNothingGuessed) {
  start(Vendor::kSvm);  // the VMX offset is not asked for
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 48, 3);
  ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.counts.all(), 3U);
  EXPECT_EQ(sample.counts.at[EL_INDEX_UNREAD], 3U);
  EXPECT_EQ(sample.counts.at[48], 0U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_NO_OFFSET], 3U);
  const auto changed = witness_->refresh_layout(Vendor::kVmx);
  ASSERT_TRUE(changed) << changed.error().message();
  EXPECT_TRUE(*changed);
  EXPECT_FALSE(witness_->refresh_layout(Vendor::kVmx).value());
  exit_vmx(0, 48, 2);
  sample = witness_->sample();
  EXPECT_EQ(sample.counts.at[48], 2U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_NO_OFFSET], 3U);
}

TEST_F(EbpfLoad, AnUnreadableVcpuIsALossNotAReason) {
  start();
  ASSERT_TRUE(run_program(exit_program_, {0x1000, kVmx}));
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.counts.at[EL_INDEX_UNREAD], 1U);
  EXPECT_EQ(sample.counts.at[0], 0U);
  EXPECT_EQ(sample.counts.all(), 1U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_READ_FAILED], 1U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_NO_SLOT], 1U);
}

// The vCPU is there, and what its VMCB pointer says is none.
TEST_F(EbpfLoad, AnUnreadableReasonIsALossEachTime) {
  start(Vendor::kSvm);
  kernel_->make_vcpu(0, 0x1000);
  exit_svm(0, 0x72, 2);
  kernel_->make_vcpu(1, 0x1000);
  kernel_->set_svm_vmcb(1, 0xdead000000000000);
  for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(run_program(exit_program_, {kernel_->vcpu(1), kSvm}));
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.counts.at[0], 0U);
  EXPECT_EQ(sample.counts.at[EL_INDEX_UNREAD], 3U);
  EXPECT_EQ(sample.counts.all(), 5U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_READ_FAILED], 3U);
}

TEST_F(EbpfLoad, HypercallsByNumber) {
  start();
  for (const std::uint64_t nr : {1U, 5U, 5U, 14U, 15U, 99U}) {
    ASSERT_TRUE(run_program("on_kvm_hypercal", {nr, 0, 0, 0, 0}));
  }
  ASSERT_TRUE(run_program("on_kvm_hypercal", {~std::uint64_t{0}, 0, 0, 0, 0}));
  const auto hypercalls = witness_->sample().hypercalls.nr;
  EXPECT_EQ(hypercalls[1], 1U);
  EXPECT_EQ(hypercalls[5], 2U);
  EXPECT_EQ(hypercalls[14], 1U);
  EXPECT_EQ(hypercalls[15], 3U);
}

}  // namespace
}  // namespace exitledger
