// SPDX-License-Identifier: MIT
// What the drill-down reads, found in BTF of our making.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "witness/btf_layout.h"
#include "witness/btf_tree.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

class BtfDetail : public testing::Test {
 protected:
  [[nodiscard]] Result<el_detail_layout> read(Vendor vendor, DetailKind kind) const {
    sys_.write("kernel/btf/vmlinux", kernel_.bytes());
    const auto types = KernelTypes::open(sys_.path());
    if (!types) return tl::unexpected(types.error());
    return types->detail_layout(vendor, kind);
  }
  std::string error(Vendor vendor, DetailKind kind) const {
    const auto layout = read(vendor, kind);
    return layout ? "" : layout.error().message();
  }

  TempTree sys_;
  BtfWriter kernel_;
};

TEST_F(BtfDetail, FindsWhatEachKindNeedsOnVmxAndNothingElse) {
  add_vcpu_vmx(kernel_, add_vcpu(kernel_));
  add_detail_types(kernel_);
  for (const DetailKind kind : kDetailKinds) {
    const auto layout = read(Vendor::kVmx, kind);
    ASSERT_TRUE(layout) << layout.error().message();
    const bool registers = kind == DetailKind::kMsr || kind == DetailKind::kCpuid;
    const bool qualification = kind == DetailKind::kIo || kind == DetailKind::kCr;
    const bool intr_info = kind == DetailKind::kException;
    EXPECT_EQ(layout->vmx_exit_reason, kFakeVmxReason);
    EXPECT_EQ(layout->vcpu_rax, registers ? kFakeRax : 0) << to_string(kind);
    EXPECT_EQ(layout->vmx_exit_qualification, qualification ? kFakeVmxQualification : 0) << to_string(kind);
    EXPECT_EQ(layout->bit_qualification, qualification ? kFakeQualificationBit : 0) << to_string(kind);
    EXPECT_EQ(layout->vmx_exit_intr_info, intr_info ? kFakeVmxIntrInfo : 0) << to_string(kind);
    EXPECT_EQ(layout->bit_intr_info, intr_info ? kFakeIntrInfoBit : 0) << to_string(kind);
    EXPECT_EQ(layout->vcpu_regs_avail, qualification || intr_info ? kFakeRegsAvail : 0) << to_string(kind);
    EXPECT_EQ(layout->fault_argument, kind == DetailKind::kEptViolation ? 1U : 0U) << to_string(kind);
  }
}

TEST_F(BtfDetail, FindsTheVmcbOnSvm) {
  add_vcpu_svm(kernel_, add_vcpu(kernel_), kernel_.u32());
  for (const DetailKind kind : kDetailKinds) {
    const auto layout = read(Vendor::kSvm, kind);
    ASSERT_TRUE(layout) << layout.error().message();
    EXPECT_EQ(layout->svm_vmcb, kFakeSvmVmcb);
    EXPECT_EQ(layout->svm_exit_code, kFakeSvmCode);
    EXPECT_EQ(layout->svm_exit_info_1, kFakeSvmInfo1);
    EXPECT_EQ(layout->svm_exit_info_2, kFakeSvmInfo2);
    EXPECT_EQ(layout->vmx_exit_reason, 0U);
  }
}

// As of TDX: what KVM keeps of an exit stands in a structure of its own.
TEST_F(BtfDetail, FindsTheFieldsInStructVcpuVt) {
  const int vcpu = add_vcpu(kernel_);
  const int reason = add_exit_reason(kernel_);
  const int vt = kernel_.structure("vcpu_vt", 64);
  kernel_.field("exit_reason", reason, 4).field("exit_qualification", kernel_.u64(), 16);
  kernel_.field("exit_intr_info", kernel_.u32(), 24);
  kernel_.structure("vcpu_vmx", 700);
  kernel_.field("vcpu", vcpu, 0).field("vt", vt, 560);
  add_detail_types(kernel_);
  const auto io = read(Vendor::kVmx, DetailKind::kIo);
  ASSERT_TRUE(io) << io.error().message();
  EXPECT_EQ(io->vmx_exit_reason, 564U);
  EXPECT_EQ(io->vmx_exit_qualification, 576U);
  const auto exception = read(Vendor::kVmx, DetailKind::kException);
  ASSERT_TRUE(exception) << exception.error().message();
  EXPECT_EQ(exception->vmx_exit_intr_info, 584U);
}

TEST_F(BtfDetail, AnOlderPageFaultTracepointBeginsWithTheAddress) {
  add_vcpu_vmx(kernel_, add_vcpu(kernel_));
  add_detail_types(kernel_, 2);
  const auto layout = read(Vendor::kVmx, DetailKind::kEptViolation);
  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->fault_argument, 0U);
}

TEST_F(BtfDetail, AnUnknownFormOfTheTracepointIsRefused) {
  add_vcpu_vmx(kernel_, add_vcpu(kernel_));
  add_detail_types(kernel_, 4);
  EXPECT_THAT(error(Vendor::kVmx, DetailKind::kEptViolation), HasSubstr("kvm_page_fault"));
  EXPECT_EQ(error(Vendor::kVmx, DetailKind::kIo), "");
}

TEST_F(BtfDetail, NamesWhatIsMissing) {
  add_vcpu_vmx(kernel_, add_vcpu(kernel_));
  EXPECT_THAT(error(Vendor::kVmx, DetailKind::kIo), HasSubstr("find VCPU_EXREG_EXIT_INFO_1: not in "));
  EXPECT_THAT(error(Vendor::kVmx, DetailKind::kException), HasSubstr("find VCPU_EXREG_EXIT_INFO_2: not in "));
  EXPECT_THAT(error(Vendor::kVmx, DetailKind::kEptViolation), HasSubstr("kvm_page_fault"));
  EXPECT_EQ(error(Vendor::kVmx, DetailKind::kMsr), "");
  EXPECT_THAT(error(Vendor::kSvm, DetailKind::kIo), HasSubstr("find vcpu_svm.vmcb: not in "));
}

}  // namespace
}  // namespace exitledger
