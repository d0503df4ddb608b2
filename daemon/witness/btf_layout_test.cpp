// SPDX-License-Identifier: MIT
#include "witness/btf_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "model/stat_sums.h"
#include "witness/btf_tree.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

class BtfLayout : public testing::Test {
 protected:
  BtfLayout() { add_module(kernel_); }
  void write_kernel() const { sys_.write("kernel/btf/vmlinux", kernel_.bytes()); }
  void write(const char* module, const BtfWriter& types) const {
    sys_.write(std::string("kernel/btf/") + module, types.bytes());
  }
  [[nodiscard]] Result<el_layout> read(std::optional<Vendor> vendor) const {
    const auto types = KernelTypes::open(sys_.path());
    if (!types) return tl::unexpected(types.error());
    return types->layout(vendor);
  }

  TempTree sys_;
  BtfWriter kernel_;
};

TEST_F(BtfLayout, ModulesOnTopOfTheKernel) {
  write_kernel();
  BtfWriter kvm(kernel_), intel(kernel_), amd(kernel_);
  add_vcpu(kvm);
  add_vcpu_vmx(intel, add_vcpu(intel));
  add_vcpu_svm(amd, add_vcpu(amd), amd.u32());
  write("kvm", kvm);
  write("kvm_intel", intel);
  write("kvm_amd", amd);

  const auto vmx = read(Vendor::kVmx);
  ASSERT_TRUE(vmx) << vmx.error().message();
  EXPECT_EQ(vmx->vmx_exit_reason, kFakeVmxReason);
  EXPECT_EQ(vmx->vcpu_id, kFakeVcpuId);
  EXPECT_EQ(vmx->vcpu_rax, kFakeRax);
  EXPECT_EQ(vmx->module_name, kFakeModuleName);
  EXPECT_EQ(vmx->svm_vmcb, 0U);
  EXPECT_EQ(vmx->svm_exit_code, 0U);

  const auto svm = read(Vendor::kSvm);
  ASSERT_TRUE(svm) << svm.error().message();
  EXPECT_EQ(svm->svm_vmcb, kFakeSvmVmcb);
  EXPECT_EQ(svm->svm_exit_code, kFakeSvmCode);
  EXPECT_EQ(svm->vmx_exit_reason, 0U);
}

TEST_F(BtfLayout, EverythingBuiltIn) {
  add_vcpu_vmx(kernel_, add_vcpu(kernel_));
  write_kernel();
  const auto layout = read(Vendor::kVmx);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->vmx_exit_reason, kFakeVmxReason);
  EXPECT_EQ(layout->vcpu_rax, kFakeRax);
}

TEST_F(BtfLayout, WithoutVendorOnlyWhatIsCommon) {
  add_vcpu_vmx(kernel_, add_vcpu(kernel_));
  write_kernel();
  const auto layout = read(std::nullopt);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->vmx_exit_reason, 0U);
  EXPECT_EQ(layout->vcpu_id, kFakeVcpuId);
}

TEST_F(BtfLayout, ExitReasonInsideVt) {
  const int vcpu = add_vcpu(kernel_);
  const int reason = add_exit_reason(kernel_);
  const int vt = kernel_.structure("vcpu_vt", 64);
  kernel_.field("exit_reason", reason, 16);
  const int alias = kernel_.alias("vcpu_vt_t", kernel_.constant(vt));
  kernel_.structure("vcpu_vmx", 640);
  kernel_.field("vcpu", vcpu, 0).field("vt", alias, 560);
  write_kernel();
  const auto layout = read(Vendor::kVmx);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->vmx_exit_reason, 576U);
}

TEST_F(BtfLayout, ThroughAnonymousUnionsAndStructures) {
  const int vcpu = add_vcpu(kernel_);
  const int reason = add_exit_reason(kernel_);
  const int inner = kernel_.structure("", 32);
  kernel_.field("exit_reason", reason, 8);
  const int outer = kernel_.any_of("", 32);
  kernel_.field("other", kernel_.u64(), 0).field("", inner, 0);
  kernel_.structure("vcpu_vmx", 640);
  kernel_.field("vcpu", vcpu, 0).field("", outer, 600);
  write_kernel();
  const auto layout = read(Vendor::kVmx);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->vmx_exit_reason, 608U);
}

TEST_F(BtfLayout, SvmExitCodeOfEightBytes) {
  add_vcpu_svm(kernel_, add_vcpu(kernel_), kernel_.u64());
  write_kernel();
  const auto layout = read(Vendor::kSvm);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->svm_exit_code, kFakeSvmCode);
}

TEST_F(BtfLayout, AKernelWithoutModulesHasNoModuleName) {
  BtfWriter kernel;
  add_vcpu(kernel);
  write("vmlinux", kernel);
  const auto layout = read(std::nullopt);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->module_name, 0U);
}

// Everything that does not stand in the vendor's part, in the kernel that this runs on.
TEST(BtfLayoutHere, AllOfKvmsOwnFieldsAreFound) {
  const auto types = KernelTypes::open("/sys");
  if (!types) GTEST_SKIP() << "needs a kernel with BTF: " << types.error().message();
  const auto layout = types->layout(std::nullopt);
  if (!layout) GTEST_SKIP() << "needs a kernel with KVM: " << layout.error().message();
  EXPECT_NE(layout->vcpu_id, 0U);
  EXPECT_NE(layout->vcpu_rax, 0U);
  EXPECT_NE(layout->kvm_created_vcpus, 0U);
  EXPECT_NE(layout->vcpu_preempt_notifier, 0U);
  EXPECT_NE(layout->can_split, 0U);
  EXPECT_NE(layout->task_notifiers, 0U);
  for (unsigned i = 0; i < EL_STAT_COUNT; ++i) EXPECT_NE(layout->stat[i], 0U) << stat_label(static_cast<el_stat>(i));
}

TEST_F(BtfLayout, AMissingFieldIsAnErrorThatNamesIt) {
  const int vcpu = add_vcpu(kernel_);
  kernel_.structure("vcpu_vmx", 600);
  kernel_.field("vcpu", vcpu, 0);
  write_kernel();
  const auto layout = read(Vendor::kVmx);
  ASSERT_FALSE(layout);
  EXPECT_THAT(layout.error().message(), HasSubstr("find vcpu_vmx.exit_reason.full: not in "));
  EXPECT_THAT(layout.error().message(), HasSubstr("kernel/btf/vmlinux"));
}

TEST_F(BtfLayout, AFieldOfAnotherSizeIsNotTaken) {
  const int vcpu = add_vcpu(kernel_);
  const int reason = kernel_.any_of("vmx_exit_reason", 8);
  kernel_.field("full", kernel_.u64(), 0);
  kernel_.structure("vcpu_vmx", 600);
  kernel_.field("vcpu", vcpu, 0).field("exit_reason", reason, kFakeVmxReason);
  write_kernel();
  EXPECT_FALSE(read(Vendor::kVmx));
}

TEST_F(BtfLayout, NoVendorTypesAtAll) {
  add_vcpu(kernel_);
  write_kernel();
  const auto layout = read(Vendor::kSvm);
  ASSERT_FALSE(layout);
  EXPECT_THAT(layout.error().message(), HasSubstr("vcpu_svm.vmcb"));
}

TEST_F(BtfLayout, WhatTheProbeCanDoIsToldByFunctions) {
  kernel_.function("bpf_other");
  write_kernel();
  BtfWriter kvm(kernel_);
  add_vcpu(kvm);
  write("kvm", kvm);
  EXPECT_FALSE(KernelTypes::open(sys_.path()).value().has_typed_reads());
  EXPECT_FALSE(KernelTypes::open(sys_.path()).value().has_leaf());
  kernel_.function("bpf_rdonly_cast");
  write_kernel();
  BtfWriter patched(kernel_);
  add_vcpu(patched);
  patched.function("kvm_exit_leaf_version");
  write("kvm", patched);
  EXPECT_TRUE(KernelTypes::open(sys_.path()).value().has_typed_reads());
  EXPECT_TRUE(KernelTypes::open(sys_.path()).value().has_leaf());
}

TEST_F(BtfLayout, NoBtfAtAll) {
  const auto layout = read(std::nullopt);
  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().code, ENOENT);
  EXPECT_THAT(layout.error().message(), HasSubstr("CONFIG_DEBUG_INFO_BTF"));
}

TEST_F(BtfLayout, GarbageIsAnError) {
  sys_.write("kernel/btf/vmlinux", "no BTF");
  EXPECT_FALSE(read(std::nullopt));
}

}  // namespace
}  // namespace exitledger
