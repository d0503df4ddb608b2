// SPDX-License-Identifier: MIT
// For the tests of the real probe in the running kernel: its programs are run by BPF_PROG_TEST_RUN on fake vCPUs
// (ebpf_fake.h), so every count is known exactly; no vendor module is needed. Needs root.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "model/leaf_abi.h"
#include "witness/ebpf.h"
#include "witness/ebpf_fake.h"

namespace exitledger {

inline constexpr std::uint64_t kVmx = EL_ISA_VMX, kSvm = EL_ISA_SVM;

class EbpfLoad : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
    if (FakeKernel::typed_reads() && std::system("grep -q ' bpf_rdonly_cast$' /proc/kallsyms") != 0)
      GTEST_SKIP() << "needs bpf_rdonly_cast (Linux 6.2)";
    ASSERT_TRUE(move_to_cpu(0));
  }
  void TearDown() override {
    cpu_set_t all;
    std::fill_n(reinterpret_cast<unsigned char*>(&all), sizeof(all), static_cast<unsigned char>(0xFF));
    (void)::sched_setaffinity(0, sizeof(all), &all);
  }

  void start(Vendor vendor = Vendor::kVmx, std::uint32_t slots = 8, bool time = true, bool vm_stats = false) {
    auto kernel = FakeKernel::create(vendor, vm_stats);
    ASSERT_TRUE(kernel) << kernel.error().message();
    kernel_ = std::move(*kernel);
    ProbeOptions options = kernel_->options(slots);
    options.time = time;
    exit_program_ = time ? "on_kvm_exit_tim" : "on_kvm_exit";
    auto witness = EbpfWitness::attach(options);
    ASSERT_TRUE(witness) << witness.error().message();
    witness_ = std::move(*witness);
    ASSERT_EQ(witness_->has_typed_reads(), FakeKernel::typed_reads()) << witness_->no_typed_reads_why();
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
    kernel_->set_rcx(vcpu, ecx);
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
    EXPECT_THAT(vms, testing::SizeIs(1));
    return vms.empty() ? VmSample{} : vms.front();
  }

  std::unique_ptr<FakeKernel> kernel_;
  std::unique_ptr<EbpfWitness> witness_;
  std::string exit_program_;
};

}  // namespace exitledger
