// SPDX-License-Identifier: MIT
// For the tests ebpf_load_*: runs the programs of a loaded probe on vCPUs in kernel memory that the test writes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/paging.h"
#include "model/result.h"
#include "witness/ebpf.h"
#include "witness/temp_tree.h"

struct ebpf_fake_bpf;

namespace exitledger {

/// A kernel of fakes: BTF and module state for the daemon's side, structures in kernel memory for the probe's.
class FakeKernel {
 public:
  /// `vm_stats`: KVM keeps statistics of VMs, too; then the VM of a vCPU must be one of make_kvm().
  static Result<std::unique_ptr<FakeKernel>> create(Vendor vendor, bool vm_stats = false);
  ~FakeKernel();
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;

  /// Whether the tests are to be run as on a kernel that has bpf_rdonly_cast(): EBPF_FAKE_TYPED_READS in the
  /// environment.
  [[nodiscard]] static bool typed_reads();

  /// Options that make EbpfWitness::attach() read this kernel's layout.
  [[nodiscard]] ProbeOptions options(std::uint32_t slots = 8) const;
  /// Root of the sysfs that has this kernel's BTF.
  [[nodiscard]] const std::filesystem::path& sys() const { return sys_.path(); }
  /// A file of sys: the state and parameters of a module, or kernel/btf/NAME (a module without counts as built in).
  void write_sys_file(const std::string& path, const std::string& content) const { sys_.write(path, content); }
  /// kvm and kvm_intel as loaded with this `ept`, "Y" or "N".
  void load_kvm_intel(const std::string& ept) const {
    write_sys_file("module/kvm/initstate", "live\n");
    write_sys_file("module/kvm_intel/parameters/ept", ept + "\n");
  }

  static constexpr unsigned kVcpus = 16;
  /// Address of vCPU n < kVcpus, as the tracepoints hand it over.
  [[nodiscard]] std::uint64_t vcpu(unsigned n) const { return address_ + std::uint64_t{n} * kStride; }
  /// struct kvm that the vCPU belongs to (any number) and its KVM_CREATE_VCPU argument.
  void make_vcpu(unsigned n, std::uint64_t kvm, std::uint32_t vcpu_id = 0);
  /// KVM's own statistics: what this vCPU did before the next exit.
  void set_vcpu_exits(unsigned n, std::uint64_t exits);
  void set_vcpu_hypercalls(unsigned n, std::uint64_t hypercalls);
  void set_vcpu_pf_fixed(unsigned n, std::uint64_t faults);
  /// Of the VM make_kvm(n).
  void set_vm_mmu(unsigned n, std::uint64_t pte_writes, std::uint64_t pages_4k);
  /// Address of struct kvm number n < kVcpus that has so many vCPUs.
  std::uint64_t make_kvm(unsigned n, std::uint32_t created_vcpus);
  void set_vmx_reason(unsigned n, std::uint32_t full);
  void set_svm_code(unsigned n, std::uint32_t code);
  void set_rax(unsigned n, std::uint64_t rax);
  void set_rcx(unsigned n, std::uint64_t rcx);
  /// What VMX keeps of the exit, and the bits of regs_avail that say what of it was read.
  void set_vmx_told(unsigned n, std::uint64_t qualification, std::uint32_t intr_info, std::uint32_t avail);
  void set_svm_vmcb(unsigned n, std::uint64_t address);
  void set_svm_info(unsigned n, std::uint64_t info_1, std::uint64_t info_2);
  /// Lets the calling thread have this vCPU loaded, or none: its notifier is where the thread's is looked for. That is
  /// the address of its alternate signal stack, for a thread can write that, so no signal may come meanwhile.
  void load_vcpu(unsigned n) const;
  void load_none() const;
  /// Address of a struct module of that name.
  [[nodiscard]] std::uint64_t module(std::string_view name);

 private:
  static constexpr unsigned kStride = 2048;
  static constexpr unsigned kModuleAt = kVcpus * kStride;
  static constexpr unsigned kKvmsAt = kModuleAt + 128;
  struct Deleter {
    void operator()(ebpf_fake_bpf* skeleton) const;
  };
  FakeKernel() = default;
  template <typename T>
  void put(unsigned at, T value);
  void write_sys(Vendor vendor, bool vm_stats) const;

  TempTree sys_;
  std::unique_ptr<ebpf_fake_bpf, Deleter> skeleton_;
  std::span<std::uint8_t> memory_;
  std::uint64_t address_ = 0;
};

/// Runs a program of this process by name (as the kernel cuts it, 15 letters) with raw tracepoint arguments, on the
/// calling thread's CPU. False if there is no such program or the kernel refuses.
[[nodiscard]] bool run_program(std::string_view name, std::initializer_list<std::uint64_t> arguments);

/// The programs of this process, by name (as above), and how many instructions the verifier walked for each.
[[nodiscard]] std::map<std::string, std::uint32_t> verified_instructions();

/// Moves the calling thread to a CPU for good.
[[nodiscard]] bool move_to_cpu(unsigned cpu);

}  // namespace exitledger
