// SPDX-License-Identifier: MIT
// The real probe in the running kernel. Its programs are run by BPF_PROG_TEST_RUN on fake vCPUs (ebpf_fake.h), so every
// count is known exactly; no vendor module is needed. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "model/leaf_abi.h"
#include "witness/ebpf.h"
#include "witness/ebpf_fake.h"

namespace exitledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kVmx = EL_ISA_VMX, kSvm = EL_ISA_SVM;

class EbpfLoad : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
    ASSERT_TRUE(move_to_cpu(0));
  }
  void TearDown() override {
    cpu_set_t all;
    std::fill_n(reinterpret_cast<unsigned char*>(&all), sizeof(all), static_cast<unsigned char>(0xFF));
    (void)::sched_setaffinity(0, sizeof(all), &all);
  }

  void start(Vendor vendor = Vendor::kVmx, std::uint32_t slots = 8, bool time = true) {
    auto kernel = FakeKernel::create(vendor);
    ASSERT_TRUE(kernel) << kernel.error().message();
    kernel_ = std::move(*kernel);
    ProbeOptions options = kernel_->options(slots);
    options.time = time;
    exit_program_ = time ? "on_kvm_exit_tim" : "on_kvm_exit";
    auto witness = EbpfWitness::attach(options);
    ASSERT_TRUE(witness) << witness.error().message();
    witness_ = std::move(*witness);
  }
  void exit_vmx(unsigned vcpu, std::uint32_t reason, unsigned times = 1) {
    kernel_->set_vmx_reason(vcpu, reason);
    for (unsigned i = 0; i < times; ++i) ASSERT_TRUE(run_program(exit_program_, {kernel_->vcpu(vcpu), kVmx}));
  }
  void exit_svm(unsigned vcpu, std::uint32_t code, unsigned times = 1) {
    kernel_->set_svm_code(vcpu, code);
    for (unsigned i = 0; i < times; ++i) ASSERT_TRUE(run_program(exit_program_, {kernel_->vcpu(vcpu), kSvm}));
  }
  void enter(unsigned vcpu) { ASSERT_TRUE(run_program("on_kvm_entry", {kernel_->vcpu(vcpu), 0})); }
  /// The guest executes CPUID and is told so.
  void cpuid(unsigned vcpu, std::uint32_t eax, std::uint32_t ecx, const leaf::Registers& told) {
    kernel_->set_rax(vcpu, eax);
    exit_vmx(vcpu, vmx::kCpuid);
    tell(eax, ecx, told);
  }
  void tell(std::uint32_t eax, std::uint32_t ecx, const leaf::Registers& told) {
    ASSERT_TRUE(run_program("on_kvm_cpuid", {eax, ecx, told.eax, told.ebx, told.ecx, told.edx, 1, 0}));
  }
  /// Runs `body` in a process that is not the daemon's: its number, for el_answer.tid.
  pid_t as_guest(const std::function<void()>& body) {
    const pid_t child = ::fork();
    if (child == 0) {
      body();
      ::_exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return child;
  }
  VmSample only_vm() {
    const auto vms = witness_->sample().vms;
    EXPECT_THAT(vms, SizeIs(1));
    return vms.empty() ? VmSample{} : vms.front();
  }

  std::unique_ptr<FakeKernel> kernel_;
  std::unique_ptr<EbpfWitness> witness_;
  std::string exit_program_;
};

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
    EXPECT_THAT(feared, testing::UnorderedElementsAre("raw_tp/kvm_exit", "raw_tp/kvm_cpuid"));
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
  const auto events = witness_->drain();
  EXPECT_EQ(std::ranges::count(events, std::uint32_t{EL_EVENT_VM_BORN}, &el_event::kind), 2);
  EXPECT_THAT(witness_->drain(), IsEmpty());
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
  }
  exit_vmx(1, 30);                               // the CPU runs something else in between
  kernel_->make_vcpu(0, 0x9000);                 // another vCPU at the same address
  exit_vmx(0, 12);                               // CPU 0 sees that and retires the dead one's slot
  ASSERT_EQ(witness_->sample().slots_used, 2U);  // folded and given back
  exit_vmx(2, 28, 5);                            // which gets the slot
  ASSERT_TRUE(move_to_cpu(1));
  exit_vmx(0, 12, 7);
  enter(0);
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

TEST_F(EbpfLoad, AnEntryBelievesNoSlotOfADeadVcpu) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 48);
  kernel_->make_vcpu(0, 0x2000);  // another vCPU at the same address, entered for the first time
  enter(0);
  ProbeSample sample = witness_->sample();
  EXPECT_THAT(sample.durations, IsEmpty());
  EXPECT_THAT(sample.vms, IsEmpty());
  EXPECT_EQ(sample.slots_used, 0U);
  exit_vmx(0, 30, 2);
  enter(0);
  sample = witness_->sample();
  EXPECT_EQ(only_vm().counts.at[30], 2U);
  EXPECT_EQ(std::reduce(sample.durations.at(30).bucket.begin(), sample.durations.at(30).bucket.end()), 1U);
  EXPECT_FALSE(sample.durations.contains(48));
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

TEST_F(EbpfLoad, DurationsPairAnEntryWithItsExit) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  enter(0);  // no exit yet: nothing to time, nothing lost
  exit_vmx(0, 48);
  enter(0);
  enter(0);  // an entry that was refused: no exit since
  exit_vmx(0, 48);
  exit_vmx(0, 30);  // no entry traced in between: the later exit counts
  ::usleep(3000);
  enter(0);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.losses.cause[EL_LOSS_ENTRY_NO_SLOT], 0U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_ENTRY_NO_EXIT], 1U);
  ASSERT_THAT(sample.durations, SizeIs(2));
  const auto total = [](const DurationHistogram& h) { return std::reduce(h.bucket.begin(), h.bucket.end()); };
  EXPECT_EQ(total(sample.durations.at(48)), 1U);
  const DurationHistogram& io = sample.durations.at(30);
  EXPECT_EQ(total(io), 1U);
  EXPECT_GE(io.sum_ns, 3'000'000U);
  // The one observation lies in the bucket of its own sum: [2^(7+i), 2^(8+i)).
  const auto at = static_cast<std::size_t>(std::ranges::find(io.bucket, 1U) - io.bucket.begin());
  EXPECT_GE(io.sum_ns, std::uint64_t{1} << (7 + at));
  EXPECT_LT(io.sum_ns, std::uint64_t{1} << (8 + at));
  EXPECT_EQ(sample.counts.all(), 3U);
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
}

TEST_F(EbpfLoad, HypercallsByNumber) {
  start();
  for (const std::uint64_t nr : {1U, 5U, 5U, 14U, 15U, 99U}) {
    ASSERT_TRUE(run_program("on_kvm_hypercal", {nr, 0, 0, 0, 0}));
  }
  ASSERT_TRUE(run_program("on_kvm_hypercal", {~std::uint64_t{0}, 0, 0, 0, 0}));
  const auto hypercalls = witness_->sample().hypercalls;
  EXPECT_EQ(hypercalls[1], 1U);
  EXPECT_EQ(hypercalls[5], 2U);
  EXPECT_EQ(hypercalls[14], 1U);
  EXPECT_EQ(hypercalls[15], 3U);
}

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
  EXPECT_EQ(sample.told_emulated, 0U);
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
  EXPECT_EQ(witness_->sample().told_emulated, 0U);  // own
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
  EXPECT_EQ(sample.told_emulated, 2U);
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

TEST_F(EbpfLoad, ALoadOfTheVendorModuleIsABoundary) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 48, 3);
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("loop")}));
  EXPECT_THAT(witness_->boundaries_since(0), IsEmpty());
  (void)witness_->drain();
  for (std::uint64_t serial = 1; serial <= 6; ++serial) {
    ASSERT_TRUE(run_program("on_module_free", {kernel_->module("kvm_intel")}));
    ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")}));
    exit_vmx(0, 48);  // the daemon wakes late: this one is after the boundary
    const auto boundaries = witness_->boundaries_since(serial - 1);
    ASSERT_THAT(boundaries, SizeIs(1));
    const Boundary* const boundary = &boundaries.front();
    EXPECT_EQ(boundary->serial, serial);
    EXPECT_EQ(boundary->vendor, Vendor::kVmx);
    EXPECT_GT(boundary->time_ns, 0U);
    ASSERT_EQ(boundary->by_cpu.size(), witness_->possible_cpus());
    EXPECT_EQ(boundary->by_cpu[0].at[48], 2 + serial);
    EXPECT_EQ(boundary->by_cpu[0].all(), 2 + serial);
    const auto events = witness_->drain();
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_EQ(events[0].kind, std::uint32_t{EL_EVENT_MODULE_UNLOADED});
    EXPECT_EQ(events[1].kind, std::uint32_t{EL_EVENT_MODULE_LOADED});
    EXPECT_EQ(events[1].id, serial);
  }
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_amd")}));
  const auto kept = witness_->boundaries_since(0);
  ASSERT_THAT(kept, SizeIs(EL_BOUNDARIES)) << "the ring holds the newest";
  EXPECT_EQ(kept.front().serial, 7 + 1 - EL_BOUNDARIES);
  EXPECT_EQ(kept.back().vendor, Vendor::kSvm);
  EXPECT_EQ(witness_->sample().losses.total(), 0U);
}

TEST_F(EbpfLoad, AnEventMakesTheDescriptorReadable) {
  start();
  pollfd ready{witness_->event_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")}));
  EXPECT_EQ(::poll(&ready, 1, 1000), 1);
  EXPECT_THAT(witness_->drain(), SizeIs(1));
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
}

TEST_F(EbpfLoad, AFullEventRingIsALossOfTimeOnly) {
  start();
  const std::uint64_t module = kernel_->module("kvm_intel");
  for (unsigned n = 0; n < 1000; ++n) ASSERT_TRUE(run_program("on_module_free", {module}));
  const ProbeSample sample = witness_->sample();
  EXPECT_GT(sample.losses.cause[EL_LOSS_EVENT], 0U);
  EXPECT_EQ(witness_->drain().size() + sample.losses.cause[EL_LOSS_EVENT], 1000U);
}

TEST_F(EbpfLoad, AModuleWithoutLayoutMakesTheOffsetUnknown) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 48);
  kernel_->write_module_btf(Vendor::kVmx, "no BTF");
  EXPECT_FALSE(witness_->refresh_layout(Vendor::kVmx));
  exit_vmx(0, 48);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.counts.at[48], 1U);
  EXPECT_EQ(sample.counts.at[EL_INDEX_UNREAD], 1U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_NO_OFFSET], 1U);
}

}  // namespace
}  // namespace exitledger
