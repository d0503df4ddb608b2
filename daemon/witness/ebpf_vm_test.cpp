// SPDX-License-Identifier: MIT
// The real probe and real vCPUs: birth, counting, death and reuse of slots. Needs root and a vendor module in service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "microvm/code.h"
#include "microvm/kvm_test_support.h"
#include "microvm/machine.h"
#include "witness/ebpf.h"
#include "witness/module.h"

namespace exitledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kBase = 0x1000;

class EbpfVm : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
    const auto modules = read_modules("/sys");
    ASSERT_TRUE(modules) << modules.error().message();
    if (!modules->vendor) GTEST_SKIP() << "needs kvm_intel or kvm_amd in service";
    vendor_ = *modules->vendor;
  }
  void attach(std::uint32_t slots) {
    ProbeOptions options;
    options.slots = slots;
    auto witness = EbpfWitness::attach(options);
    ASSERT_TRUE(witness) << witness.error().message();
    witness_ = std::move(*witness);
  }
  [[nodiscard]] bool has_death_hook() const { return witness_->death_hook() != "none"; }
  [[nodiscard]] std::uint64_t cpuids(const Counts& counts) const {
    return count_of(counts, vendor_, vendor_ == Vendor::kVmx ? vmx::kCpuid : Reason{0x72});
  }

  Vendor vendor_ = Vendor::kVmx;
  std::unique_ptr<EbpfWitness> witness_;
};

/// A guest that executes CPUID `times` times with `eax`, then HLT.
Result<Machine> cpuid_loop(const KvmDevice& device, std::uint32_t eax, std::uint32_t times) {
  auto machine = Machine::create(device, {.base = kBase});
  if (!machine) return machine;
  Code code;
  code.mov(Register::kEsi, times);
  const auto again = code.here();
  code.mov(Register::kEax, eax).mov(Register::kEcx, 0).cpuid().dec(Register::kEsi).jump_if_not_zero(again).hlt();
  std::ranges::copy(code.bytes(), machine->memory().begin());
  if (const auto added = machine->add_vcpu(kBase); !added) return Failure(added.error());
  return machine;
}

void run_to_halt(Machine& machine) {
  const auto limit = RunLimit::arm(std::chrono::seconds(60));
  ASSERT_TRUE(limit) << limit.error().message();
  const auto exit = machine.run(*limit);
  ASSERT_TRUE(exit) << exit.error().message();
  ASSERT_TRUE(std::holds_alternative<vmexit::Halted>(*exit)) << describe(*exit);
}

TEST_F(EbpfVm, CountsWhatTheGuestDid) {
  EXITLEDGER_NEED_KVM(device);
  attach(4);
  {
    auto machine = cpuid_loop(device, 0, 1009);
    ASSERT_TRUE(machine) << machine.error().message();
    run_to_halt(*machine);
    const ProbeSample sample = witness_->sample();
    ASSERT_THAT(sample.vms, SizeIs(1));
    EXPECT_EQ(cpuids(sample.vms[0].counts), 1009U);
    EXPECT_TRUE(sample.vms[0].own);
    EXPECT_EQ(sample.vms[0].counts, sample.counts);
    EXPECT_EQ(sample.losses.of_host_book(), 0U);
  }
  EXPECT_EQ(cpuids(witness_->take_own_counts()), 1009U);
  EXPECT_EQ(witness_->take_own_counts(), Counts{});
}

TEST_F(EbpfVm, SumOverReasonsIsTheTotal) {
  EXITLEDGER_NEED_KVM(device);
  attach(4);
  auto machine = cpuid_loop(device, 0, 211);
  ASSERT_TRUE(machine) << machine.error().message();
  run_to_halt(*machine);
  const Counts counts = witness_->sample().counts;
  std::uint64_t sum = 0;
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index)
    if (index < EL_INDEX_ALL || index == EL_INDEX_UNKNOWN || index == EL_INDEX_UNREAD) sum += counts.at[index];
  EXPECT_EQ(sum, counts.all());
  EXPECT_GE(counts.all(), 212U);
}

TEST_F(EbpfVm, EveryExitButTheLastHasADuration) {
  EXITLEDGER_NEED_KVM(device);
  attach(4);
  auto machine = cpuid_loop(device, 0, 1009);
  ASSERT_TRUE(machine) << machine.error().message();
  run_to_halt(*machine);
  const ProbeSample sample = witness_->sample();
  std::uint64_t durations = 0;
  for (const auto& [reason, histogram] : sample.durations)
    for (const std::uint64_t count : histogram.bucket) durations += count;
  EXPECT_EQ(durations + 1, sample.counts.all());  // the HLT's goes on
  EXPECT_EQ(sample.losses.total(), 0U);           // the first entry follows no exit: nothing is lost
}

TEST_F(EbpfVm, DeadVcpusGiveTheirSlotsBack) {
  EXITLEDGER_NEED_KVM(device);
  attach(1);
  if (!has_death_hook()) GTEST_SKIP() << "no death hook in this kernel";
  std::uint64_t total = 0;
  for (std::uint32_t life = 1; life <= 25; ++life) {
    {
      auto machine = cpuid_loop(device, 0, 10 + life);
      ASSERT_TRUE(machine) << machine.error().message();
      run_to_halt(*machine);
      const ProbeSample sample = witness_->sample();
      EXPECT_EQ(sample.slots_used, 1U);
      ASSERT_THAT(sample.vms, SizeIs(1)) << life;
      EXPECT_EQ(sample.vms[0].id, life);
      EXPECT_EQ(cpuids(sample.vms[0].counts), 10 + life);
    }
    EXPECT_THAT(witness_->sample().vms, IsEmpty()) << life;
    EXPECT_EQ(witness_->sample().slots_used, 0U);
    total += 10 + life;
  }
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(cpuids(sample.counts), total);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_NO_SLOT], 0U);
  EXPECT_EQ(cpuids(witness_->take_own_counts()), total);
  EXPECT_EQ(std::ranges::count(witness_->drain(), std::uint32_t{EL_EVENT_SLOT_RETIRED}, &el_event::kind), 25);
}

TEST_F(EbpfVm, AnUnfoldedSlotIsNotGivenToTheNext) {
  EXITLEDGER_NEED_KVM(device);
  attach(1);
  if (!has_death_hook()) GTEST_SKIP() << "no death hook in this kernel";
  for (const std::uint32_t times : {11U, 13U}) {
    auto machine = cpuid_loop(device, 0, times);
    ASSERT_TRUE(machine) << machine.error().message();
    run_to_halt(*machine);
  }
  EXPECT_EQ(cpuids(witness_->take_own_counts()), 11U);
  const ProbeSample sample = witness_->sample();
  EXPECT_THAT(sample.vms, IsEmpty());
  EXPECT_EQ(cpuids(sample.counts), 24U);
  EXPECT_GE(sample.losses.cause[EL_LOSS_NO_SLOT], 14U);
  EXPECT_EQ(sample.losses.of_host_book(), 0U);
}

TEST_F(EbpfVm, AnswersOfOurLeavesAreTiedToTheirExit) {
  EXITLEDGER_NEED_KVM(device);
  attach(4);
  auto machine = cpuid_loop(device, 0x4FFFFFFF, 17);
  ASSERT_TRUE(machine) << machine.error().message();
  run_to_halt(*machine);
  const auto answers = witness_->take_own_answers();
  ASSERT_THAT(answers, SizeIs(17));
  for (std::size_t i = 1; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].serial, i + 1);
    EXPECT_NE(answers[i].slot, EL_NO_SLOT);
    // The guest does nothing else: each answer is one exit of the vCPU after the one before, or more if the host
    // interrupted it.
    EXPECT_GT(answers[i].vcpu_count, answers[i - 1].vcpu_count);
  }
  EXPECT_EQ(witness_->sample().judged[EL_TOLD_NO_EXIT], 0U);
}

TEST_F(EbpfVm, TheLayoutOfTheModuleInServiceIsTheOneInUse) {
  attach(1);
  const auto changed = witness_->refresh_layout(vendor_);
  ASSERT_TRUE(changed) << changed.error().message();
  EXPECT_FALSE(*changed);
}

}  // namespace
}  // namespace exitledger
