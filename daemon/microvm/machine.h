// SPDX-License-Identifier: MIT
// A VM with one vCPU and one stretch of memory, through the KVM ioctls.
#pragma once

#include <linux/kvm.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "base/unique_fd.h"
#include "microvm/kvm_device.h"
#include "microvm/mapping.h"
#include "microvm/run_limit.h"
#include "model/result.h"

namespace exitledger {

/// Why KVM_RUN came back to user space (Documentation/virt/kvm/api.rst, "The kvm_run structure"). Spans lie in the
/// vCPU's run area and hold until the next run; what is written to them before that is what the guest reads.
namespace vmexit {
struct Halted {};
struct PortIo {
  bool is_write = false;
  std::uint16_t port = 0;
  std::uint8_t size = 0;    ///< bytes per element
  std::uint32_t count = 0;  ///< elements
  std::span<std::byte> data;
};
struct Mmio {
  bool is_write = false;
  std::uint64_t address = 0;
  std::span<std::byte> data;
};
struct Shutdown {};  ///< triple fault
struct FailedEntry {
  std::uint64_t hardware_reason = 0;
};
struct InternalError {
  std::uint32_t suberror = 0;
};
struct TimedOut {};  ///< the limit ended it; the guest can be run on under another
struct Other {
  std::uint32_t kvm_reason = 0;  ///< KVM_EXIT_*
};
}  // namespace vmexit
using VmExit = std::variant<vmexit::Halted, vmexit::PortIo, vmexit::Mmio, vmexit::Shutdown, vmexit::FailedEntry,
                            vmexit::InternalError, vmexit::TimedOut, vmexit::Other>;

/// For people: "HLT", "triple fault", "time limit", …
[[nodiscard]] std::string describe(const VmExit& exit);

struct MachineOptions {
  std::uint32_t base = 0x1000;  ///< guest-physical address of the memory, a multiple of 4096
  std::size_t bytes = 4096;     ///< a multiple of 4096
};

/// Everything is gone when it is destroyed, also what pins the vendor module. One thread at a time.
/// Exits that it causes by itself: none; those of the guest's code are the guest's.
class Machine {
 public:
  /// KVM_CREATE_VM and its memory: zeroed and present in the host, so that a first touch costs one exit at most.
  [[nodiscard]] static Result<Machine> create(const KvmDevice& device, const MachineOptions& options);

  /// KVM_ENABLE_CAP on the VM. Capabilities that need a VM without vCPUs (EBUSY, EINVAL otherwise) come before
  /// add_vcpu().
  [[nodiscard]] Result<void> enable_capability(std::uint32_t capability, std::uint64_t argument);

  /// The vCPU, in flat 32-bit protected mode without paging, at `entry`, stack at the end of the memory, no
  /// exception table: an exception is a Shutdown. This mode runs natively under every paging mode (KVM would emulate
  /// real mode under ept=0). No in-kernel interrupt controller: HLT comes to user space, and no interrupt ever comes.
  /// No CPUID table before set_cpuid(): KVM answers what it answers by itself.
  [[nodiscard]] Result<void> add_vcpu(std::uint32_t entry);

  /// KVM_SET_CPUID2: what CPUID tells the guest. After add_vcpu(), before the first run.
  [[nodiscard]] Result<void> set_cpuid(std::span<const kvm_cpuid_entry2> entries);

  /// KVM_RUN up to the next exit to user space or the end of `limit` (armed in this thread). Signals do not end it.
  [[nodiscard]] Result<VmExit> run(const RunLimit& limit);

  [[nodiscard]] Result<kvm_regs> registers() const;
  [[nodiscard]] Result<void> set_registers(const kvm_regs& registers);
  [[nodiscard]] Result<kvm_sregs> special_registers() const;
  [[nodiscard]] Result<void> set_special_registers(const kvm_sregs& registers);

  /// Guest memory; offset 0 is guest-physical address base().
  [[nodiscard]] std::span<std::byte> memory() const { return memory_.bytes(); }
  [[nodiscard]] std::uint32_t base() const { return base_; }
  /// For ioctls that this class has no word for (statistics, MSRs, devices). -1 without vCPU.
  [[nodiscard]] int vm_fd() const { return vm_.get(); }
  [[nodiscard]] int vcpu_fd() const { return vcpu_.get(); }

 private:
  Machine(Mapping memory, std::uint32_t base, UniqueFd vm, std::size_t run_bytes)
      : memory_(std::move(memory)), base_(base), run_bytes_(run_bytes), vm_(std::move(vm)) {}
  [[nodiscard]] kvm_run& state() const;

  // In this order: the run area goes before its vCPU, the vCPU before its VM, the VM before its memory.
  Mapping memory_;
  std::uint32_t base_;
  std::size_t run_bytes_;
  UniqueFd vm_;
  UniqueFd vcpu_;
  Mapping run_;
};

}  // namespace exitledger
