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
    ask(kVmScope, vmx::kCpuid, 9, 1);
    ask(kVmScope, vmx::kCpuid, 9, 2);
  });
  EXPECT_EQ(judged(), (Judged{1, 1, 0, 0, 2, 0}));
}

TEST_F(EbpfJudge, WhatIsNoCountOfTheAskersIsNotCompared) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  as_guest([this] {
    for (const leaf::Scope scope : {leaf::Scope::kDefault, leaf::Scope::kHost, leaf::Scope::kCpu}) ask(scope, 48, 999);
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
