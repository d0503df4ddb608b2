// SPDX-License-Identifier: MIT
// KernelTypes::detail_layout().
#include "witness/btf_layout.h"

namespace exitledger {
namespace {

// Moved into struct vcpu_vt with TDX.
std::optional<std::uint32_t> vmx_field(const BtfSource& vendor, const char* name, std::int64_t size) {
  const auto place = vendor.offset("vcpu_vmx", {name}, {size});
  return place ? place : vendor.offset("vcpu_vmx", {"vt", name}, {size});
}

// A field that VMX reads late, and the bit that says whether it has.
struct Kept {
  const char *field, *bit;
  std::int64_t size;
};

Result<void> read_kept(const BtfSource& kvm, const BtfSource& vendor, const Kept& kept, std::uint32_t& place,
                       std::uint32_t& bit) {
  const auto found = vmx_field(vendor, kept.field, kept.size);
  if (!found) return not_in(vendor, std::string("vcpu_vmx.") + kept.field);
  const auto number = kvm.enumerator("kvm_reg", kept.bit);
  constexpr std::uint32_t kBitsRead = 32;
  if (!number || *number >= kBitsRead) return not_in(kvm, kept.bit);
  place = *found;
  bit = *number;
  return {};
}

Result<void> read_vmx(const BtfSource& kvm, const BtfSource& vendor, DetailKind kind, el_detail_layout& layout) {
  auto reason = vendor.offset("vcpu_vmx", {"exit_reason", "full"}, {4});
  if (!reason) reason = vendor.offset("vcpu_vmx", {"vt", "exit_reason", "full"}, {4});
  if (!reason) return not_in(vendor, "vcpu_vmx.exit_reason.full");
  layout.vmx_exit_reason = *reason;
  if (kind == DetailKind::kEptViolation) {
    const auto arguments = kvm.tracepoint_arguments("kvm_page_fault");
    if (!arguments || (*arguments != 2 && *arguments != 3)) return not_in(kvm, "kvm_page_fault with 2 or 3 arguments");
    layout.fault_argument = *arguments - 2;
  }
  if (kind != DetailKind::kIo && kind != DetailKind::kCr && kind != DetailKind::kException) return {};
  const auto avail = kvm.offset("kvm_vcpu", {"arch", "regs_avail"}, {4, 8});
  if (!avail) return not_in(kvm, "kvm_vcpu.arch.regs_avail");
  layout.vcpu_regs_avail = *avail;
  if (kind == DetailKind::kException)
    return read_kept(kvm, vendor, {"exit_intr_info", "VCPU_EXREG_EXIT_INFO_2", 4}, layout.vmx_exit_intr_info,
                     layout.bit_intr_info);
  return read_kept(kvm, vendor, {"exit_qualification", "VCPU_EXREG_EXIT_INFO_1", 8}, layout.vmx_exit_qualification,
                   layout.bit_qualification);
}

Result<void> read_svm(const BtfSource& vendor, el_detail_layout& layout) {
  const auto vmcb = vendor.offset("vcpu_svm", {"vmcb"}, {8});
  if (!vmcb) return not_in(vendor, "vcpu_svm.vmcb");
  layout.svm_vmcb = *vmcb;
  // Its low half where it is one field with exit_code_hi.
  const auto code = vendor.offset("vmcb", {"control", "exit_code"}, {4, 8});
  if (!code) return not_in(vendor, "vmcb.control.exit_code");
  const auto info_1 = vendor.offset("vmcb", {"control", "exit_info_1"}, {8});
  if (!info_1) return not_in(vendor, "vmcb.control.exit_info_1");
  const auto info_2 = vendor.offset("vmcb", {"control", "exit_info_2"}, {8});
  if (!info_2) return not_in(vendor, "vmcb.control.exit_info_2");
  layout.svm_exit_code = *code;
  layout.svm_exit_info_1 = *info_1;
  layout.svm_exit_info_2 = *info_2;
  return {};
}

}  // namespace

Result<el_detail_layout> KernelTypes::detail_layout(Vendor vendor, DetailKind kind) const {
  el_detail_layout layout{};
  const auto kvm = BtfSource::open(dir_, "kvm", base_.get());
  if (!kvm) return tl::unexpected(kvm.error());
  const auto source = BtfSource::open(dir_, module_name(vendor), base_.get());
  if (!source) return tl::unexpected(source.error());
  if (kind == DetailKind::kMsr || kind == DetailKind::kCpuid) {
    // VCPU_REGS_RAX is the first of the registers, VCPU_REGS_RCX the second (arch/x86/include/asm/kvm_host.h).
    const auto rax = kvm->offset("kvm_vcpu", {"arch", "regs"}, {8});
    if (!rax) return not_in(*kvm, "kvm_vcpu.arch.regs");
    layout.vcpu_rax = *rax;
  }
  const auto done = vendor == Vendor::kVmx ? read_vmx(*kvm, *source, kind, layout) : read_svm(*source, layout);
  if (!done) return tl::unexpected(done.error());
  return layout;
}

}  // namespace exitledger
