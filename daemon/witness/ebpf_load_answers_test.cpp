// SPDX-License-Identifier: MIT
// What guests were told, with both books of that instant.
#include <array>

#include "witness/ebpf_load_fixture.h"

namespace exitledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_F(EbpfLoad, AnOwnAnswerHoldsBothBooksOfThatInstant) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->make_vcpu(1, 0x2000);
  exit_vmx(0, 48, 3);
  exit_vmx(1, 48, 4);
  cpuid(0, leaf::kExits, leaf::ecx_of(leaf::Scope::kCpu, 48), {.eax = 7, .ebx = 0, .ecx = 0, .edx = 0});
  cpuid(0, leaf::kExits, leaf::ecx_of(leaf::Scope::kVcpu, vmx::kCpuid), {.eax = 2, .ebx = 1, .ecx = 0, .edx = 0});
  cpuid(0, leaf::kTotal, 0xDEAD, {.eax = 10, .ebx = 0, .ecx = 0, .edx = 0});
  const auto answers = witness_->take_own_answers();
  ASSERT_THAT(answers, SizeIs(3));
  EXPECT_EQ(answers[0].serial, 1U);
  EXPECT_EQ(answers[0].function, leaf::kExits);
  EXPECT_EQ(answers[0].index, leaf::ecx_of(leaf::Scope::kCpu, 48));
  EXPECT_EQ(answers[0].eax, 7U);
  EXPECT_EQ(answers[0].cpu_count, 7U);
  EXPECT_EQ(answers[0].vcpu_count, 3U);
  EXPECT_EQ(answers[0].cpu, 0U);
  EXPECT_EQ(answers[0].isa, EL_ISA_VMX);
  EXPECT_EQ(answers[0].vm_id, 1U);
  EXPECT_EQ(answers[0].tid, static_cast<std::uint32_t>(::gettid()));
  EXPECT_NE(answers[0].slot, EL_NO_SLOT);
  EXPECT_EQ(answers[1].ebx, 1U);
  EXPECT_EQ(answers[1].cpu_count, 2U);  // itself included
  EXPECT_EQ(answers[1].vcpu_count, 2U);
  EXPECT_EQ(answers[2].cpu_count, 10U);
  EXPECT_EQ(answers[2].vcpu_count, 6U);
  EXPECT_THAT(witness_->take_own_answers(), IsEmpty());
  EXPECT_THAT(witness_->guest_answers(), IsEmpty());
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.told, (std::array<std::uint64_t, 4>{}));  // own answers are told to no guest
  EXPECT_EQ(sample.judged[EL_TOLD_NO_EXIT], 0U);
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, TheUnknownIsTheSumThatTheLeafMeans) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 1000, 5);  // no index
  exit_vmx(0, 160, 3);   // an index, but no such reason
  exit_vmx(0, 48, 2);
  ASSERT_FALSE(is_defined(Vendor::kVmx, 160));
  cpuid(0, leaf::kExits, leaf::ecx_of(leaf::Scope::kCpu, kReasonUnknown), {});
  cpuid(0, leaf::kExits, leaf::ecx_of(leaf::Scope::kCpu, kReasonEmulation), {});
  cpuid(0, leaf::kExits, leaf::ecx_of(leaf::Scope::kCpu, 200), {});
  cpuid(0, leaf::kInfo, 1, {});
  const auto answers = witness_->take_own_answers();
  ASSERT_THAT(answers, SizeIs(4));
  EXPECT_EQ(answers[0].cpu_count, 8U);
  EXPECT_EQ(answers[0].vcpu_count, 8U);
  EXPECT_EQ(answers[0].cpu_count, count_of(witness_->sample().counts, Vendor::kVmx, kReasonUnknown));
  for (const std::size_t i : {1U, 2U, 3U}) EXPECT_EQ(answers[i].cpu_count, 0U) << i;
}

TEST_F(EbpfLoad, AnAnswerWithoutItsExitIsEmulated) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  const auto story = [this] {
    cpuid(0, leaf::kExits, 48, {});
    tell(leaf::kExits, 48, {});  // consumed already
    kernel_->set_rax(0, leaf::kExits);
    exit_vmx(0, vmx::kCpuid);  // never answered: a fault was injected
    exit_vmx(0, 30);
    tell(leaf::kInfo, 48, {});
  };
  story();
  EXPECT_EQ(witness_->sample().judged[EL_TOLD_NO_EXIT], 0U);  // own
  as_guest(story);
  for (const auto& answers : {witness_->take_own_answers(), witness_->guest_answers()}) {
    ASSERT_THAT(answers, SizeIs(3));
    EXPECT_NE(answers[0].slot, EL_NO_SLOT);
    EXPECT_EQ(answers[1].slot, EL_NO_SLOT);
    EXPECT_EQ(answers[1].vm_id, 0U);
    EXPECT_EQ(answers[2].slot, EL_NO_SLOT);
  }
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.told, (std::array<std::uint64_t, 4>{0, 1, 2, 0}));
  EXPECT_EQ(sample.judged[EL_TOLD_NO_EXIT], 2U);
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, OtherLeavesLeaveNoTrace) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  for (const std::uint32_t eax : {0U, 1U, 0x4FFFFFFBU, 0x50000000U, 0x40000000U}) cpuid(0, eax, 0, {});
  EXPECT_THAT(witness_->take_own_answers(), IsEmpty());
  EXPECT_EQ(witness_->sample().told, (std::array<std::uint64_t, 4>{}));
}

TEST_F(EbpfLoad, AnotherProcessIsAGuest) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->make_vcpu(1, 0x2000);
  exit_vmx(1, 48, 2);
  const pid_t child =
      as_guest([this] { cpuid(0, leaf::kExits, vmx::kCpuid, {.eax = 1, .ebx = 0, .ecx = 0, .edx = 0}); });
  EXPECT_THAT(witness_->take_own_answers(), IsEmpty());
  const auto answers = witness_->guest_answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].vcpu_count, 1U);
  EXPECT_EQ(answers[0].tid, static_cast<std::uint32_t>(child));
  EXPECT_THAT(witness_->guest_answers(), SizeIs(1));  // a ring: reading takes nothing out
  const auto vms = witness_->sample().vms;
  ASSERT_THAT(vms, SizeIs(2));
  EXPECT_TRUE(vms[0].own);
  EXPECT_FALSE(vms[1].own);
  const Counts own = witness_->take_own_counts();
  EXPECT_EQ(own.at[48], 2U);
  EXPECT_EQ(own.all(), 2U);
  EXPECT_EQ(witness_->take_own_counts(), Counts{});
}

TEST_F(EbpfLoad, TheGuestsRingKeepsTheNewest) {
  start();
  as_guest([this] {
    for (unsigned n = 0; n < EL_GUEST_ANSWERS + 7; ++n) tell(leaf::kExits, n, {});
  });
  const auto answers = witness_->guest_answers();
  ASSERT_THAT(answers, SizeIs(EL_GUEST_ANSWERS));
  EXPECT_EQ(answers.front().serial, 8U);
  EXPECT_EQ(answers.front().index, 7U);
  EXPECT_EQ(answers.back().serial, EL_GUEST_ANSWERS + 7);
}

}  // namespace
}  // namespace exitledger
