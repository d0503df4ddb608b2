// SPDX-License-Identifier: MIT
// Time from exit to entry.
#include <algorithm>
#include <chrono>
#include <numeric>

#include "witness/ebpf_load_fixture.h"

namespace exitledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_F(EbpfLoad, TheExitOfADeadVcpuIsNotTimedByItsSuccessor) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->make_vcpu(1, 0x3000);
  exit_vmx(0, 48);
  exit_vmx(1, 12);                // the CPU runs something else in between
  kernel_->make_vcpu(0, 0x2000);  // another vCPU at the same address, entered for the first time
  enter(0);
  exit_vmx(0, 30);
  EXPECT_THAT(witness_->sample().durations, IsEmpty());
  enter(0);
  exit_vmx(0, 30);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(std::reduce(sample.durations.at(30).bucket.begin(), sample.durations.at(30).bucket.end()), 1U);
  EXPECT_FALSE(sample.durations.contains(48));
  EXPECT_EQ(sample.losses.total(), 0U);
}

TEST_F(EbpfLoad, DurationsPairAnEntryWithItsExit) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  enter(0);  // no exit yet: nothing to time, nothing lost
  exit_vmx(0, 48);
  enter(0);
  enter(0);  // an entry that was refused: no exit since
  exit_vmx(0, 48);
  const auto before = std::chrono::steady_clock::now();
  exit_vmx(0, 30);  // no entry traced in between: the later exit counts
  ::usleep(3000);
  enter(0);
  const auto entered = std::chrono::steady_clock::now();
  EXPECT_FALSE(witness_->sample().durations.contains(30));  // booked by the exit that ends the entry
  ::usleep(3000);
  exit_vmx(0, 1);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.losses.cause[EL_LOSS_ENTRY_NO_EXIT], 1U);
  ASSERT_THAT(sample.durations, SizeIs(2));
  const auto total = [](const DurationHistogram& h) { return std::reduce(h.bucket.begin(), h.bucket.end()); };
  EXPECT_EQ(total(sample.durations.at(48)), 1U);
  const DurationHistogram& io = sample.durations.at(30);
  EXPECT_EQ(total(io), 1U);
  EXPECT_GE(io.sum_ns, 3'000'000U);
  EXPECT_LE(std::chrono::nanoseconds{io.sum_ns}, entered - before);  // to the entry, not to the exit that booked it
  // The one observation lies in the bucket of its own sum: [2^(7+i), 2^(8+i)).
  const auto at = static_cast<std::size_t>(std::ranges::find(io.bucket, 1U) - io.bucket.begin());
  EXPECT_GE(io.sum_ns, std::uint64_t{1} << (7 + at));
  EXPECT_LT(io.sum_ns, std::uint64_t{1} << (8 + at));
  EXPECT_EQ(sample.counts.all(), 4U);
}

// As on an unpatched SVM of Linux 6.1, which traces an exit with preemption on.
TEST_F(EbpfLoad, AnExitTracedOnAnotherCpuThanItsEntryLosesOneDuration) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->make_vcpu(1, 0x2000);
  ASSERT_TRUE(move_to_cpu(0));
  exit_vmx(1, 12);
  const auto exited = std::chrono::steady_clock::now();
  exit_vmx(0, 48);
  enter(0);
  if (!move_to_cpu(1)) GTEST_SKIP() << "needs two CPUs";
  exit_vmx(0, 30);  // 48 has no duration
  enter(0);
  exit_vmx(0, 1);
  EXPECT_FALSE(witness_->sample().durations.contains(48));
  EXPECT_EQ(witness_->sample().losses.total(), 0U);  // told by the next entry on the CPU that was left
  ASSERT_TRUE(move_to_cpu(0));
  const auto before = std::chrono::steady_clock::now();
  enter(1);
  exit_vmx(1, 30);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.losses.cause[EL_LOSS_EXIT_ELSEWHERE], 1U);
  EXPECT_EQ(sample.losses.total(), 1U);
  EXPECT_EQ(std::reduce(sample.durations.at(30).bucket.begin(), sample.durations.at(30).bucket.end()), 1U);
  // Of its own entry, not of that which the other left behind.
  ASSERT_TRUE(sample.durations.contains(12));
  EXPECT_GE(std::chrono::nanoseconds{sample.durations.at(12).sum_ns}, before - exited);
}

// The same, and it is that very vCPU which enters next on the CPU that was left: no entry was refused, and one is lost.
TEST_F(EbpfLoad, AVcpuThatComesBackToTheCpuOfAnOldEntryLosesOneDuration) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  ASSERT_TRUE(move_to_cpu(0));
  exit_vmx(0, 48);
  enter(0);
  if (!move_to_cpu(1)) GTEST_SKIP() << "needs two CPUs";
  exit_vmx(0, 30);  // 48 has no duration
  enter(0);
  exit_vmx(0, 1);
  ASSERT_TRUE(move_to_cpu(0));
  enter(0);
  exit_vmx(0, 12);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.losses.cause[EL_LOSS_EXIT_ELSEWHERE], 1U);
  EXPECT_EQ(sample.losses.total(), 1U);
  EXPECT_FALSE(sample.durations.contains(48));
  for (const Reason reason : {Reason{30}, Reason{1}}) {
    ASSERT_TRUE(sample.durations.contains(reason)) << reason;
    EXPECT_EQ(std::reduce(sample.durations.at(reason).bucket.begin(), sample.durations.at(reason).bucket.end()), 1U);
  }
}

// Of an own question about the cycles of a reason: what the answer holds of this CPU's book of durations.
TEST_F(EbpfLoad, AnOwnQuestionAboutCyclesIsAnsweredWithTheDurationsOfItsInstant) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->make_vcpu(1, 0x2000);
  for (const std::uint32_t reason : {48U, 48U, 160U, 1000U, 30U}) {
    exit_vmx(0, reason);
    enter(0);
  }
  exit_vmx(0, 1);
  exit_vmx(1, 48);  // not entered again: in no sum
  const auto ask = [this](std::uint32_t function, std::uint16_t reason) {
    cpuid(0, function, leaf::ecx_of(leaf::Scope::kCpu, reason), {});
  };
  ask(leaf::kCycles, 48);
  ask(leaf::kCycles, kReasonUnknown);
  ask(leaf::kCycles, 31);
  ask(leaf::kCycles, kReasonAll);
  ask(leaf::kExits, 48);
  const auto durations = witness_->sample().durations;
  const auto answers = witness_->take_own_answers();
  ASSERT_THAT(answers, SizeIs(5));
  EXPECT_EQ(answers[0].cpu_intervals, 2U);
  EXPECT_EQ(answers[0].cpu_ns, durations.at(48).sum_ns);
  EXPECT_GT(answers[0].cpu_ns, 0U);
  EXPECT_EQ(answers[1].cpu_intervals, 2U);  // 160, which no manual defines, and 1000, which has no index
  EXPECT_EQ(answers[1].cpu_ns, durations.at(160).sum_ns + durations.at(kReasonUnknown).sum_ns);
  for (const std::size_t i : {2U, 3U, 4U}) {
    EXPECT_EQ(answers[i].cpu_intervals, 0U) << i;
    EXPECT_EQ(answers[i].cpu_ns, 0U) << i;
  }
  as_guest([&] { ask(leaf::kCycles, 48); });
  ASSERT_THAT(witness_->guest_answers(), SizeIs(1));
  EXPECT_EQ(witness_->guest_answers()[0].cpu_intervals, 0U);
}

TEST_F(EbpfLoad, WithoutTimeNothingElseChanges) {
  start(Vendor::kVmx, 8, false);
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 48, 3);
  exit_vmx(0, 48 | EL_VMX_BUS_LOCK, 2);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.counts.at[48], 5U);
  EXPECT_EQ(only_vm().counts.at[48], 5U);
  EXPECT_THAT(sample.durations, IsEmpty());
  EXPECT_FALSE(run_program("on_kvm_entry", {0, 0}));
  cpuid(0, leaf::kCycles, leaf::ecx_of(leaf::Scope::kCpu, 48), {});
  const auto answers = witness_->take_own_answers();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].cpu_intervals, 0U);
}

}  // namespace
}  // namespace exitledger
