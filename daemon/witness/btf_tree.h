// SPDX-License-Identifier: MIT
// For tests: BTF files as the kernel shows them, with structures of our making.
#pragma once

#include <bpf/btf.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

namespace exitledger {

/// Writes one BTF file. Methods return the new type's id; a structure's fields follow it before any other type.
class BtfWriter {
 public:
  BtfWriter() : types_(btf__new_empty()) {
    u8_ = integer("el_u8", 1);
    u32_ = integer("el_u32", 4);
    u64_ = integer("el_u64", 8);
  }
  /// A module's: on top of the kernel's, with the same integers.
  explicit BtfWriter(const BtfWriter& base)
      : types_(btf__new_empty_split(base.types_.get())), u8_(base.u8_), u32_(base.u32_), u64_(base.u64_) {}

  int integer(const char* name, std::size_t bytes) { return id(btf__add_int(types_.get(), name, bytes, 0)); }
  int pointer(int to) { return id(btf__add_ptr(types_.get(), to)); }
  int array(int element, std::uint32_t count) { return id(btf__add_array(types_.get(), u32_, element, count)); }
  int alias(const char* name, int of) { return id(btf__add_typedef(types_.get(), name, of)); }
  int constant(int of) { return id(btf__add_const(types_.get(), of)); }
  int structure(const char* name, std::uint32_t bytes) { return id(btf__add_struct(types_.get(), name, bytes)); }
  int any_of(const char* name, std::uint32_t bytes) { return id(btf__add_union(types_.get(), name, bytes)); }
  int enumeration(const char* name) { return id(btf__add_enum(types_.get(), name, 4)); }
  /// Of the enumeration made last.
  BtfWriter& enumerator(const char* name, std::int64_t value) {
    if (btf__add_enum_value(types_.get(), name, value) != 0) throw std::runtime_error("btf__add_enum_value");
    return *this;
  }
  /// What the kernel makes for a tracepoint: typedef void (*btf_trace_NAME)(void *, …).
  int tracepoint(const std::string& name, unsigned arguments) {
    const int function = id(btf__add_func_proto(types_.get(), 0));
    for (unsigned i = 0; i < arguments + 1; ++i)
      if (btf__add_func_param(types_.get(), "", u64_) != 0) throw std::runtime_error("btf__add_func_param");
    return alias(("btf_trace_" + name).c_str(), pointer(function));
  }
  int function(const char* name) {
    return id(btf__add_func(types_.get(), name, BTF_FUNC_STATIC, id(btf__add_func_proto(types_.get(), 0))));
  }
  /// `at`: byte offset.
  BtfWriter& field(const char* name, int type, std::uint32_t at) {
    if (btf__add_field(types_.get(), name, type, at * 8, 0) != 0) throw std::runtime_error("btf__add_field");
    return *this;
  }
  [[nodiscard]] int u8() const { return u8_; }
  [[nodiscard]] int u32() const { return u32_; }
  [[nodiscard]] int u64() const { return u64_; }

  [[nodiscard]] std::string bytes() const {
    std::uint32_t size = 0;
    const void* const data = btf__raw_data(types_.get(), &size);
    if (!data) throw std::runtime_error("btf__raw_data");
    return {static_cast<const char*>(data), size};
  }

 private:
  struct Deleter {
    void operator()(btf* types) const { btf__free(types); }
  };
  static int id(int type) {
    if (type <= 0) throw std::runtime_error("btf__add_*: " + std::to_string(type));
    return type;
  }

  std::unique_ptr<btf, Deleter> types_;
  int u8_ = 0, u32_ = 0, u64_ = 0;
};

/// Places in the structures below: unlike any kernel's, so that no number in the product can be a guess.
inline constexpr std::uint32_t kFakeModuleName = 40, kFakeVcpuId = 12, kFakeRax = 24, kFakeVmxReason = 520,
                               kFakeSvmVmcb = 536, kFakeSvmCode = 40, kFakeVcpuExits = 264, kFakeVcpuHypercalls = 280,
                               kFakeCreatedVcpus = 20, kFakeRegsAvail = 176, kFakeVmxQualification = 528,
                               kFakeVmxIntrInfo = 544, kFakeSvmInfo1 = 48, kFakeSvmInfo2 = 56,
                               kFakeQualificationBit = 29, kFakeIntrInfoBit = 31, kFakePfFixed = 296,
                               kFakeMmuPteWrite = 40, kFakePages4k = 56, kFakePreemptNotifier = 328;

inline void add_module(BtfWriter& to) {
  const int name = to.array(to.u8(), 56);
  to.structure("module", 128);
  to.field("state", to.u32(), 0).field("name", name, kFakeModuleName);
}

/// struct kvm; its id. `stats`: with some of its statistics.
inline int add_kvm(BtfWriter& to, bool stats) {
  const int stat = stats ? to.structure("kvm_vm_stat", 32) : 0;
  if (stats) to.field("mmu_pte_write", to.u64(), kFakeMmuPteWrite - 32).field("pages_4k", to.u64(), kFakePages4k - 32);
  const int kvm = to.structure("kvm", 64);
  to.field("created_vcpus", to.u32(), kFakeCreatedVcpus);
  if (stats) to.field("stat", stat, 32);
  return kvm;
}

/// struct kvm_vcpu; its id.
inline int add_vcpu(BtfWriter& to, bool vm_stats = false) {
  const int regs = to.array(to.u64(), 17);
  const int arch = to.structure("kvm_vcpu_arch", 200);
  to.field("regs", regs, 8).field("regs_avail", to.u32(), kFakeRegsAvail - (kFakeRax - 8));
  const int stat = to.structure("kvm_vcpu_stat", 64);
  to.field("exits", to.u64(), 16).field("hypercalls", to.u64(), 16 + kFakeVcpuHypercalls - kFakeVcpuExits);
  to.field("pf_fixed", to.u64(), 16 + kFakePfFixed - kFakeVcpuExits);
  const int kvm = add_kvm(to, vm_stats);
  const int pointer = to.pointer(kvm);
  const int link = to.structure("hlist_node", 16);
  to.field("next", to.u64(), 0).field("pprev", to.u64(), 8);
  const int notifier = to.structure("preempt_notifier", 24);
  to.field("link", link, 0).field("ops", to.u64(), 16);
  const int vcpu = to.structure("kvm_vcpu", 512);
  to.field("kvm", pointer, 0).field("vcpu_id", to.u32(), kFakeVcpuId).field("arch", arch, kFakeRax - 8);
  to.field("stat", stat, kFakeVcpuExits - 16).field("preempt_notifier", notifier, kFakePreemptNotifier);
  return vcpu;
}

/// struct task_struct, whose list of preemption notifiers begins at this byte.
inline void add_task(BtfWriter& to, std::uint32_t notifiers) {
  const int head = to.structure("hlist_head", 8);
  to.field("first", to.u64(), 0);
  to.structure("task_struct", notifiers + 8);
  to.field("preempt_notifiers", head, notifiers);
}

/// enum kvm_reg, and the tracepoint kvm_page_fault with so many arguments.
inline void add_detail_types(BtfWriter& to, unsigned fault_arguments = 3) {
  to.enumeration("kvm_reg");
  to.enumerator("VCPU_REGS_RAX", 0)
      .enumerator("VCPU_EXREG_EXIT_INFO_1", kFakeQualificationBit)
      .enumerator("VCPU_EXREG_EXIT_INFO_2", kFakeIntrInfoBit);
  to.tracepoint("kvm_page_fault", fault_arguments);
}

/// union vmx_exit_reason as of 5.11; its id.
inline int add_exit_reason(BtfWriter& to) {
  const int bits = to.structure("", 4);
  to.field("basic", to.u32(), 0);
  const int reason = to.any_of("vmx_exit_reason", 4);
  to.field("", bits, 0).field("full", to.u32(), 0);
  return reason;
}

/// struct vcpu_vmx with its exit reason within itself.
inline void add_vcpu_vmx(BtfWriter& to, int vcpu) {
  const int reason = add_exit_reason(to);
  to.structure("vcpu_vmx", 600);
  to.field("vcpu", vcpu, 0).field("fail", to.u8(), 512).field("exit_reason", reason, kFakeVmxReason);
  to.field("exit_qualification", to.u64(), kFakeVmxQualification).field("exit_intr_info", to.u32(), kFakeVmxIntrInfo);
}

/// struct vcpu_svm and struct vmcb; `code`: type of exit_code.
inline void add_vcpu_svm(BtfWriter& to, int vcpu, int code) {
  const int control = to.structure("vmcb_control_area", 64);
  to.field("exit_code", code, kFakeSvmCode);
  to.field("exit_info_1", to.u64(), kFakeSvmInfo1).field("exit_info_2", to.u64(), kFakeSvmInfo2);
  const int vmcb = to.structure("vmcb", 64);
  to.field("control", control, 0);
  const int pointer = to.pointer(vmcb);
  to.structure("vcpu_svm", 600);
  to.field("vcpu", vcpu, 0).field("vmcb", pointer, kFakeSvmVmcb);
}

}  // namespace exitledger
