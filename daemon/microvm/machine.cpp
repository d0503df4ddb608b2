// SPDX-License-Identifier: MIT
#include "microvm/machine.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "microvm/ioctl.h"

namespace exitledger {
namespace {

// Three pages that kvm-intel wants to know for real mode without unrestricted guest, wherever no memory of ours is.
constexpr unsigned long kTssAddress = 0xFFFBD000;
constexpr std::uint64_t kCr0ProtectedMode = 0x31;  // PE, ET, NE
// Bit 1 is fixed. IF: nothing is ever injected, but Bochs 2.7 holds the host's interrupts back from a guest that is
// entered with IF clear, and then no limit could end it.
constexpr std::uint64_t kRflags = 0x202;

// Flat segment of 4 GiB (SDM vol. 3, "Segment Descriptors"): type 11 code, readable, accessed; type 3 data, writable.
kvm_segment flat_segment(std::uint16_t selector, std::uint8_t type) {
  kvm_segment segment{};
  segment.limit = 0xFFFFFFFF;
  segment.selector = selector;
  segment.type = type;
  segment.present = 1;
  segment.db = 1;
  segment.s = 1;
  segment.g = 1;
  return segment;
}

void enter_flat_mode(kvm_sregs& registers) {
  registers.cs = flat_segment(0x08, 11);
  registers.ds = registers.es = registers.fs = registers.gs = registers.ss = flat_segment(0x10, 3);
  registers.cr0 = kCr0ProtectedMode;
  registers.cr4 = 0;
  registers.efer = 0;
}

template <typename T>
Result<T> get(int fd, unsigned long request, const char* name) {
  T value{};
  if (const auto done = kvm_ioctl(fd, request, name, &value); !done) return Failure(done.error());
  return value;
}

Result<void> set(int fd, unsigned long request, const char* name, const void* value) {
  if (const auto done = kvm_ioctl(fd, request, name, const_cast<void*>(value)); !done) return Failure(done.error());
  return {};
}

// KVM wants the kernel's signal set, 64 bits; glibc's begins with them.
Result<void> set_signal_mask(int vcpu, const sigset_t& mask) {
  constexpr std::uint32_t kKernelSetBytes = 8;
  alignas(std::uint64_t) std::array<std::byte, flexible::kSignalMaskHead + kKernelSetBytes> buffer{};
  std::memcpy(buffer.data(), &kKernelSetBytes, sizeof kKernelSetBytes);
  std::memcpy(buffer.data() + flexible::kSignalMaskHead, &mask, kKernelSetBytes);
  return set(vcpu, flexible::kSetSignalMask, "KVM_SET_SIGNAL_MASK", buffer.data());
}

vmexit::PortIo port_io(kvm_run& state) {
  const auto& io = state.io;
  auto* const data = reinterpret_cast<std::byte*>(&state) + io.data_offset;
  return {.is_write = io.direction == KVM_EXIT_IO_OUT,
          .port = io.port,
          .size = io.size,
          .count = io.count,
          .data = {data, std::size_t{io.size} * io.count}};
}

vmexit::Mmio mmio(kvm_run& state) {
  auto& access = state.mmio;
  return {.is_write = access.is_write != 0,
          .address = access.phys_addr,
          .data = {reinterpret_cast<std::byte*>(access.data), access.len}};
}

VmExit decode(kvm_run& state) {
  switch (state.exit_reason) {
    case KVM_EXIT_HLT: return vmexit::Halted{};
    case KVM_EXIT_IO: return port_io(state);
    case KVM_EXIT_MMIO: return mmio(state);
    case KVM_EXIT_SHUTDOWN: return vmexit::Shutdown{};
    case KVM_EXIT_FAIL_ENTRY: return vmexit::FailedEntry{state.fail_entry.hardware_entry_failure_reason};
    case KVM_EXIT_INTERNAL_ERROR: return vmexit::InternalError{state.internal.suberror};
    default: return vmexit::Other{state.exit_reason};
  }
}

}  // namespace

Result<Machine> Machine::create(const KvmDevice& device, const MachineOptions& options) {
  auto memory = Mapping::anonymous(options.bytes);
  if (!memory) return Failure(memory.error());
  const auto run_bytes = kvm_ioctl(device.fd(), KVM_GET_VCPU_MMAP_SIZE, "KVM_GET_VCPU_MMAP_SIZE");
  if (!run_bytes) return Failure(run_bytes.error());
  const auto fd = kvm_ioctl(device.fd(), KVM_CREATE_VM, "KVM_CREATE_VM");
  if (!fd) return Failure(fd.error());
  UniqueFd vm(*fd);

  // Before the first vCPU; without it kvm-intel logs a complaint under ept=0.
  if (const auto done = kvm_ioctl(vm.get(), KVM_SET_TSS_ADDR, "KVM_SET_TSS_ADDR", kTssAddress); !done) {
    return Failure(done.error());
  }
  kvm_userspace_memory_region region{};
  region.guest_phys_addr = options.base;
  region.memory_size = options.bytes;
  region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory->bytes().data());
  if (auto done = set(vm.get(), KVM_SET_USER_MEMORY_REGION, "KVM_SET_USER_MEMORY_REGION", &region); !done) {
    return Failure(done.error());
  }
  return Machine(std::move(*memory), options.base, std::move(vm), static_cast<std::size_t>(*run_bytes));
}

Result<void> Machine::enable_capability(std::uint32_t capability, std::uint64_t argument) {
  kvm_enable_cap request{};
  request.cap = capability;
  request.args[0] = argument;
  return set(vm_.get(), KVM_ENABLE_CAP, "KVM_ENABLE_CAP", &request);
}

Result<void> Machine::add_vcpu(std::uint32_t entry) {
  const auto fd = kvm_ioctl(vm_.get(), KVM_CREATE_VCPU, "KVM_CREATE_VCPU");
  if (!fd) return Failure(fd.error());
  vcpu_.reset(*fd);
  auto run = Mapping::of_file(vcpu_.get(), run_bytes_);
  if (!run) return Failure(run.error());
  run_ = std::move(*run);

  auto special = special_registers();
  if (!special) return Failure(special.error());
  enter_flat_mode(*special);
  if (auto done = set_special_registers(*special); !done) return done;
  kvm_regs registers{};
  registers.rip = entry;
  registers.rsp = base_ + memory_.bytes().size();
  registers.rflags = kRflags;
  return set_registers(registers);
}

Result<void> Machine::set_cpuid(std::span<const kvm_cpuid_entry2> entries) {
  const auto count = static_cast<std::uint32_t>(entries.size());
  std::vector<std::uint64_t> buffer((flexible::kCpuidHead + entries.size_bytes()) / sizeof(std::uint64_t));
  std::memcpy(buffer.data(), &count, sizeof count);
  std::ranges::copy(std::as_bytes(entries),
                    std::as_writable_bytes(std::span(buffer)).subspan(flexible::kCpuidHead).begin());
  return set(vcpu_.get(), flexible::kSetCpuid2, "KVM_SET_CPUID2", buffer.data());
}

Result<VmExit> Machine::run(const RunLimit& limit) {
  if (auto done = set_signal_mask(vcpu_.get(), limit.mask_in_guest()); !done) return Failure(done.error());
  while (true) {
    const auto ran = kvm_ioctl(vcpu_.get(), KVM_RUN, "KVM_RUN");
    if (ran) return decode(state());
    if (ran.error().code != EINTR) return Failure(ran.error());
    if (limit.expired()) return vmexit::TimedOut{};
  }
}

Result<kvm_regs> Machine::registers() const { return get<kvm_regs>(vcpu_.get(), KVM_GET_REGS, "KVM_GET_REGS"); }

Result<void> Machine::set_registers(const kvm_regs& registers) {
  return set(vcpu_.get(), KVM_SET_REGS, "KVM_SET_REGS", &registers);
}

Result<kvm_sregs> Machine::special_registers() const {
  return get<kvm_sregs>(vcpu_.get(), KVM_GET_SREGS, "KVM_GET_SREGS");
}

Result<void> Machine::set_special_registers(const kvm_sregs& registers) {
  return set(vcpu_.get(), KVM_SET_SREGS, "KVM_SET_SREGS", &registers);
}

kvm_run& Machine::state() const { return *reinterpret_cast<kvm_run*>(run_.bytes().data()); }

std::string describe(const VmExit& exit) {
  struct {
    std::string operator()(const vmexit::Halted&) const { return "HLT"; }
    std::string operator()(const vmexit::PortIo& io) const {
      return (io.is_write ? "OUT to port " : "IN from port ") + std::to_string(io.port);
    }
    std::string operator()(const vmexit::Mmio& access) const {
      return (access.is_write ? "write to " : "read from ") + std::to_string(access.address) + ", which is no memory";
    }
    std::string operator()(const vmexit::Shutdown&) const { return "triple fault"; }
    std::string operator()(const vmexit::FailedEntry& entry) const {
      return "VM entry failed, hardware reason " + std::to_string(entry.hardware_reason);
    }
    std::string operator()(const vmexit::InternalError& error) const {
      return "KVM internal error " + std::to_string(error.suberror);
    }
    std::string operator()(const vmexit::TimedOut&) const { return "time limit"; }
    std::string operator()(const vmexit::Other& other) const {
      return "KVM exit reason " + std::to_string(other.kvm_reason);
    }
  } const words;
  return std::visit(words, exit);
}

}  // namespace exitledger
