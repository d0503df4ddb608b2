// SPDX-License-Identifier: MIT
#include "witness/btf_layout.h"

#include <bpf/btf.h>

#include <algorithm>
#include <utility>

#include "model/stat_sums.h"

namespace exitledger {
namespace {

namespace fs = std::filesystem;

Result<void> read_vcpu(const BtfSource& kvm, el_layout& layout) {
  const auto id = kvm.offset("kvm_vcpu", {"vcpu_id"}, {4});
  if (!id) return not_in(kvm, "kvm_vcpu.vcpu_id");
  // VCPU_REGS_RAX is the first of the registers (arch/x86/include/asm/kvm_host.h).
  const auto rax = kvm.offset("kvm_vcpu", {"arch", "regs"}, {8});
  if (!rax) return not_in(kvm, "kvm_vcpu.arch.regs");
  // Without those no vCPU is known to be newborn, and no answer about a VM is judged.
  for (unsigned i = 0; i < EL_STAT_COUNT; ++i) {
    const char* const structure = i < EL_STAT_OF_VM ? "kvm_vcpu" : "kvm";
    layout.stat[i] = kvm.offset(structure, {"stat", stat_label(static_cast<el_stat>(i)).data()}, {8}).value_or(0);
  }
  const auto functions = {"kvm_sched_in", "kvm_sched_out", "kvm_arch_vcpu_ioctl_run"};
  layout.vcpu_preempt_notifier = kvm.offset("kvm_vcpu", {"preempt_notifier", "link", "next"}, {8}).value_or(0);
  layout.can_split = layout.vcpu_preempt_notifier != 0 &&
                     std::ranges::all_of(functions, [&](const char* name) { return kvm.has_function(name); });
  layout.kvm_created_vcpus = kvm.offset("kvm", {"created_vcpus"}, {4}).value_or(0);
  layout.vcpu_id = *id;
  layout.vcpu_rax = *rax;
  return {};
}

Result<void> read_vmx(const BtfSource& vendor, el_layout& layout) {
  // exit_reason became a union in 5.11 (8e53324021645), and moved into struct vcpu_vt with TDX.
  auto reason = vendor.offset("vcpu_vmx", {"exit_reason", "full"}, {4});
  if (!reason) reason = vendor.offset("vcpu_vmx", {"vt", "exit_reason", "full"}, {4});
  if (!reason) return not_in(vendor, "vcpu_vmx.exit_reason.full");
  layout.vmx_exit_reason = *reason;
  return {};
}

Result<void> read_svm(const BtfSource& vendor, el_layout& layout) {
  const auto vmcb = vendor.offset("vcpu_svm", {"vmcb"}, {8});
  if (!vmcb) return not_in(vendor, "vcpu_svm.vmcb");
  // Four bytes, or eight where exit_code and exit_code_hi are one field: the probe reads the low half.
  const auto code = vendor.offset("vmcb", {"control", "exit_code"}, {4, 8});
  if (!code) return not_in(vendor, "vmcb.control.exit_code");
  layout.svm_vmcb = *vmcb;
  layout.svm_exit_code = *code;
  return {};
}

}  // namespace

Result<KernelTypes> KernelTypes::open(const fs::path& sys) {
  const fs::path dir = sys / "kernel/btf", base_path = dir / "vmlinux";
  BtfPtr base(btf__parse(base_path.c_str(), nullptr));
  if (!base) return fail_errno("parse BTF", base_path.string(), "the kernel needs CONFIG_DEBUG_INFO_BTF");
  return KernelTypes{dir, std::move(base)};
}

Result<el_layout> KernelTypes::layout(std::optional<Vendor> vendor) const {
  const BtfSource kernel{nullptr, base_.get(), dir_ / "vmlinux"};
  el_layout layout{};
  const auto name = kernel.offset("module", {"name"}, {1});
  // A kernel without loadable modules has no module to be named.
  layout.module_name = name.value_or(0);
  layout.task_notifiers = kernel.offset("task_struct", {"preempt_notifiers", "first"}, {8}).value_or(0);

  const auto kvm = BtfSource::open(dir_, "kvm", base_.get());
  if (!kvm) return tl::unexpected(kvm.error());
  if (auto done = read_vcpu(*kvm, layout); !done) return tl::unexpected(done.error());
  if (!vendor) return layout;

  const auto source = BtfSource::open(dir_, module_name(*vendor), base_.get());
  if (!source) return tl::unexpected(source.error());
  auto done = *vendor == Vendor::kVmx ? read_vmx(*source, layout) : read_svm(*source, layout);
  if (!done) return tl::unexpected(done.error());
  return layout;
}

bool KernelTypes::has_leaf() const {
  const auto kvm = BtfSource::open(dir_, "kvm", base_.get());
  return kvm && kvm->has_function("kvm_exit_leaf_version");
}

bool KernelTypes::has_typed_reads() const {
  return BtfSource{nullptr, base_.get(), dir_ / "vmlinux"}.has_function("bpf_rdonly_cast");
}

}  // namespace exitledger
