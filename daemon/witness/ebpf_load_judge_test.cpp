// SPDX-License-Identifier: MIT
// The passive witness: what guests were told, held against the asker's own book.
#include <array>

#include "witness/ebpf_load_fixture.h"

namespace exitledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using Judged = std::array<std::uint64_t, EL_TOLD_COUNT>;

constexpr auto kVcpuScope = leaf::Scope::kVcpu;
constexpr auto kVmScope = leaf::Scope::kVm;

leaf::Registers count_of_exits(std::uint64_t exits) {
  return {static_cast<std::uint32_t>(exits), static_cast<std::uint32_t>(exits >> 32), 0, 0};
}

class EbpfJudge : public EbpfLoad {
 protected:
  void ask(leaf::Scope scope, Reason reason, std::uint64_t told, unsigned vcpu = 0) {
    cpuid(vcpu, leaf::kExits, leaf::ecx_of(scope, reason), count_of_exits(told));
  }
  Judged judged() { return witness_->sample().judged; }
};

TEST_F(EbpfJudge, ANewbornsAnswersMustBeItsOwnBook) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  as_guest([this] {
    exit_vmx(0, 48, 3);
    ask(kVcpuScope, 48, 3);
    ask(kVcpuScope, vmx::kCpuid, 2);
    ask(kVcpuScope, kReasonAll, 6);
    ask(kVcpuScope, 30, 0);
  });
  EXPECT_EQ(judged(), (Judged{4, 0, 0, 0, 0, 0}));
  EXPECT_THAT(witness_->different_answers(), IsEmpty());
}

TEST_F(EbpfJudge, OneExitTooManyOrTooFewIsKeptWithBothNumbers) {
  start();
  kernel_->make_vcpu(0, 0x1000, 5);
  as_guest([this] {
    exit_vmx(0, 48, 3);
    ask(kVcpuScope, 48, 4);
    ask(kVcpuScope, 48, 2);
    ask(kVcpuScope, 48, std::uint64_t{1} << 32 | 3);
  });
  EXPECT_EQ(judged(), (Judged{0, 3, 0, 0, 0, 0}));
  const auto different = witness_->different_answers();
  ASSERT_THAT(different, SizeIs(3));
  EXPECT_EQ(different[0].eax, 4U);
  EXPECT_EQ(different[0].vcpu_count, 3U);
  EXPECT_EQ(different[0].constant, 0U);
  EXPECT_EQ(different[0].vcpu_id, 5U);
  EXPECT_EQ(different[0].vm_id, 1U);
  EXPECT_EQ(different[0].told, EL_TOLD_DIFFERENT);
  EXPECT_GT(different[0].time_ns, 0U);
  EXPECT_EQ(different[1].serial, 2U);
  bool woken = false;
  for (const el_event& event : witness_->drain()) woken = woken || event.kind == EL_EVENT_DIFFERENT_ANSWER;
  EXPECT_TRUE(woken);
}

TEST_F(EbpfJudge, AnOlderVcpusFirstAnswerSetsTheDifferencePerReason) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  kernel_->set_vcpu_exits(0, 1000);
  as_guest([this] {
    exit_vmx(0, 48, 3);
    ask(kVcpuScope, 48, 103);
    exit_vmx(0, 48, 2);
    ask(kVcpuScope, 48, 105);
    ask(kVcpuScope, 30, 7);
    ask(kVcpuScope, 48, 106);
  });
  EXPECT_EQ(judged(), (Judged{1, 1, 2, 0, 0, 0}));
  ASSERT_THAT(witness_->different_answers(), SizeIs(1));
  EXPECT_EQ(witness_->different_answers()[0].constant, 100U);
}

TEST_F(EbpfJudge, AVmIsItsVcpuOnlyWhereItHasNoOther) {
  start();
  kernel_->make_vcpu(0, kernel_->make_kvm(0, 1));
  kernel_->make_vcpu(1, kernel_->make_kvm(1, 2));
  kernel_->make_vcpu(2, 0x1000);  // how many it has cannot be read
  as_guest([this] {
    ask(kVmScope, vmx::kCpuid, 1, 0);
    ask(kVmScope, vmx::kCpuid, 9, 0);
    ask(kVmScope, vmx::kCpuid, 9, 2);
  });
  EXPECT_EQ(judged(), (Judged{1, 1, 0, 0, 0, 1}));
}

TEST_F(EbpfJudge, OfAVmOfSeveralTheOthersMayBeOneExitAhead) {
  start();
  const std::uint64_t kvm = kernel_->make_kvm(0, 3);
  for (unsigned n = 0; n < 3; ++n) kernel_->make_vcpu(n, kvm, n);
  kernel_->make_vcpu(3, 0x1000);
  as_guest([this] {
    exit_vmx(0, 48, 5);
    exit_vmx(1, 48, 7);
    exit_vmx(3, 48, 100);  // another VM's
    for (const std::uint64_t told : {11U, 12U, 14U, 15U}) ask(kVmScope, 48, told, 1);
    ask(leaf::Scope::kDefault, 48, 13, 2);
  });
  EXPECT_EQ(judged(), (Judged{0, 2, 0, 0, 3, 0}));
  ASSERT_THAT(witness_->different_answers(), SizeIs(2));
  EXPECT_EQ(witness_->different_answers()[1].least, 12U);
  EXPECT_EQ(witness_->different_answers()[1].most, 14U);
}

TEST_F(EbpfJudge, ExitsOfTheOthersBetweenQuestionAndAnswerWidenTheBracket) {
  start();
  const std::uint64_t kvm = kernel_->make_kvm(0, 2);
  for (unsigned n = 0; n < 2; ++n) kernel_->make_vcpu(n, kvm, n);
  as_guest([this] {
    exit_vmx(1, 48, 7);
    for (const std::uint64_t told : {6U, 12U, 17U, 21U}) {
      kernel_->set_rax(0, leaf::kExits);
      kernel_->set_rcx(0, leaf::ecx_of(kVmScope, 48));
      exit_vmx(0, vmx::kCpuid);
      const pid_t other = ::fork();  // another thread's exits
      if (other == 0) {
        exit_vmx(1, 48, 3);
        ::_exit(0);
      }
      ::waitpid(other, nullptr, 0);
      tell(leaf::kExits, leaf::ecx_of(kVmScope, 48), count_of_exits(told));
    }
  });
  // 7 to 11, 10 to 14, 13 to 17, 16 to 20
  EXPECT_EQ(judged(), (Judged{0, 2, 0, 0, 2, 0}));
  ASSERT_THAT(witness_->different_answers(), SizeIs(2));
  EXPECT_EQ(witness_->different_answers()[0].least, 7U);
  EXPECT_EQ(witness_->different_answers()[0].most, 11U);
}

TEST_F(EbpfJudge, OfAVmWithAnOlderVcpuNothingIsKnown) {
  start();
  const std::uint64_t kvm = kernel_->make_kvm(0, 2);
  for (unsigned n = 0; n < 2; ++n) kernel_->make_vcpu(n, kvm, n);
  kernel_->set_vcpu_exits(1, 1000);
  as_guest([this] {
    exit_vmx(1, 48, 7);
    ask(kVmScope, 48, 7, 0);
  });
  EXPECT_EQ(judged(), (Judged{0, 0, 0, 0, 0, 1}));
}

TEST_F(EbpfJudge, WhatIsToldOfTheHostIsJudgedFromTheLoad) {
  start();
  kernel_->make_vcpu(0, kernel_->make_kvm(0, 1));
  kernel_->make_vcpu(1, kernel_->make_kvm(1, 1));
  exit_vmx(1, 48, 40);
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")}));
  as_guest([this] {
    exit_vmx(0, 48, 3);
    exit_vmx(1, 48, 4);
    ask(leaf::Scope::kHost, 48, 7);
    ask(leaf::Scope::kCpu, 48, 7);
  });
  EXPECT_EQ(judged(), (Judged{0, 0, 0, 0, 0, 2})) << "which load the leaf's counters began at is not known";
  witness_->session_began_at(1);
  as_guest([this] {
    ask(leaf::Scope::kCpu, 48, 7);
    ask(leaf::Scope::kCpu, 48, 8);
    ask(leaf::Scope::kHost, 48, 7);
    ask(leaf::Scope::kDefault, 48, 3);  // the VM
    ask(leaf::Scope::kDefault, 48, 7);  // the host
    ask(leaf::Scope::kHost, 48, 6);
    ask(leaf::Scope::kDefault, 48, 47);  // before the load: of an earlier session
  });
  const Judged all = judged();
  EXPECT_EQ(all[EL_TOLD_DIFFERENT], 3U);
  EXPECT_EQ(all[EL_TOLD_EQUAL] + all[EL_TOLD_BRACKET], 4U);
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_amd")}));
  as_guest([this] { ask(leaf::Scope::kCpu, 48, 9); });
  EXPECT_EQ(judged()[EL_TOLD_OTHER], 3U) << "another load came, nobody has said whose";
}

TEST_F(EbpfJudge, TheOldTotalIsTheVms) {
  start();
  kernel_->make_vcpu(0, kernel_->make_kvm(0, 1));
  as_guest([this] {
    exit_vmx(0, 48, 3);
    cpuid(0, leaf::kTotal, 0xDEAD0003, {4, 0, 0, 0});
    cpuid(0, leaf::kTotal, 0, {4, 0, 0, 0});
  });
  EXPECT_EQ(judged(), (Judged{1, 0, 0, 0, 0, 1})) << "not the VM's; the host's is not known";
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")}));
  witness_->session_began_at(1);
  as_guest([this] { cpuid(0, leaf::kTotal, 0, {4, 0, 0, 0}); });
  EXPECT_EQ(judged(), (Judged{1, 1, 0, 0, 0, 1}));
}

TEST_F(EbpfJudge, WhatIsNoCountOfTheAskersIsNotCompared) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  as_guest([this] {
    for (const leaf::Scope scope : {leaf::Scope::kVm, leaf::Scope::kHost, leaf::Scope::kCpu}) ask(scope, 48, 999);
    ask(kVcpuScope, kReasonEmulation, 999);
    cpuid(0, leaf::kExits, leaf::ecx_of(kVcpuScope, 48), {0, 0, 0, 0xFFFFFFFF});
    cpuid(0, leaf::kCycles, leaf::ecx_of(kVcpuScope, 48), {0, 1, 2, 0});
    tell(leaf::kExits, leaf::ecx_of(kVcpuScope, 48), count_of_exits(5));
  });
  EXPECT_EQ(judged(), (Judged{0, 0, 0, 1, 0, 6}));
}

TEST_F(EbpfJudge, TheReadersOwnAnswersAreJudgedByTheReader) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  ask(kVcpuScope, vmx::kCpuid, 99);
  EXPECT_EQ(judged(), Judged{});
  EXPECT_THAT(witness_->different_answers(), IsEmpty());
}

}  // namespace
}  // namespace exitledger
