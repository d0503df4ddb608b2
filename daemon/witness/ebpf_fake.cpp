// SPDX-License-Identifier: MIT
#include "witness/ebpf_fake.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "ebpf_fake.skel.h"
#include "witness/btf_tree.h"
#include "witness/btf_walk.h"
#include "witness/libbpf_log.h"

namespace exitledger {
namespace {

constexpr std::size_t kBytes = 65536;
/// Where a vCPU's VMCB lies within its stretch of memory.
constexpr unsigned kVmcbAt = 1024;

/// A program of this process: its descriptor is ours already, so no privilege is asked for.
int program_fd(std::string_view name) {
  for (int fd = 3; fd < 1024; ++fd) {
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.type == BPF_PROG_TYPE_RAW_TRACEPOINT &&
        name == static_cast<const char*>(info.name))
      return fd;
  }
  return -1;
}

/// In the running kernel's struct task_struct.
std::optional<std::uint32_t> alternate_stack_offset() {
  const BtfPtr types(btf__load_vmlinux_btf());
  if (!types) return std::nullopt;
  const BtfSource source{nullptr, types.get(), "vmlinux"};
  return source.offset("task_struct", {"sas_ss_sp"}, {8});
}

}  // namespace

void FakeKernel::Deleter::operator()(ebpf_fake_bpf* skeleton) const { ebpf_fake_bpf__destroy(skeleton); }

Result<std::unique_ptr<FakeKernel>> FakeKernel::create(Vendor vendor, bool vm_stats) {
  silence_libbpf();
  std::unique_ptr<FakeKernel> kernel(new FakeKernel);
  kernel->skeleton_.reset(ebpf_fake_bpf__open_and_load());
  if (!kernel->skeleton_) return fail_errno("load", "fake kernel", take_libbpf_warning());
  bpf_test_run_opts run{};
  run.sz = sizeof(run);
  if (const int error = bpf_prog_test_run_opts(bpf_program__fd(kernel->skeleton_->progs.learn_address), &run))
    return fail("run", "learn_address", "", -error);
  kernel->address_ = kernel->skeleton_->bss->address;
  void* const at =
      ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(kernel->skeleton_->maps.memory), 0);
  if (at == MAP_FAILED) return fail_errno("mmap", "fake kernel");
  kernel->memory_ = std::span(static_cast<std::uint8_t*>(at), kBytes);
  kernel->write_sys(vendor, vm_stats);
  return kernel;
}

FakeKernel::~FakeKernel() {
  if (!memory_.empty()) ::munmap(memory_.data(), memory_.size());
}

bool FakeKernel::typed_reads() { return std::getenv("EBPF_FAKE_TYPED_READS") != nullptr; }

void FakeKernel::write_sys(Vendor vendor, bool vm_stats) const {
  BtfWriter types;
  add_module(types);
  const int vcpu = add_vcpu(types, vm_stats);
  add_vcpu_vmx(types, vcpu);
  add_vcpu_svm(types, vcpu, types.u32());
  add_detail_types(types);
  if (const auto at = alternate_stack_offset()) add_task(types, *at);
  types.function("kvm_exit_leaf_version");
  if (typed_reads()) types.function("bpf_rdonly_cast");
  sys_.write("kernel/btf/vmlinux", types.bytes());
  sys_.write(std::string("module/") + std::string(module_name(vendor)) + "/initstate", "live\n");
}

ProbeOptions FakeKernel::options(std::uint32_t slots) const {
  ProbeOptions options;
  options.slots = slots;
  options.sys = sys_.path().string();
  return options;
}

template <typename T>
void FakeKernel::put(unsigned at, T value) {
  std::memcpy(memory_.subspan(at, sizeof(value)).data(), &value, sizeof(value));
}

void FakeKernel::make_vcpu(unsigned n, std::uint64_t kvm, std::uint32_t vcpu_id) {
  put(n * kStride, kvm);
  put(n * kStride + kFakeVcpuId, vcpu_id);
  put(n * kStride + kFakeSvmVmcb, vcpu(n) + kVmcbAt);
}

void FakeKernel::set_vcpu_exits(unsigned n, std::uint64_t exits) { put(n * kStride + kFakeVcpuExits, exits); }

void FakeKernel::set_vcpu_hypercalls(unsigned n, std::uint64_t hypercalls) {
  put(n * kStride + kFakeVcpuHypercalls, hypercalls);
}

void FakeKernel::set_vcpu_pf_fixed(unsigned n, std::uint64_t faults) { put(n * kStride + kFakePfFixed, faults); }

void FakeKernel::set_vm_mmu(unsigned n, std::uint64_t pte_writes, std::uint64_t pages_4k) {
  put(kKvmsAt + n * 64 + kFakeMmuPteWrite, pte_writes);
  put(kKvmsAt + n * 64 + kFakePages4k, pages_4k);
}

std::uint64_t FakeKernel::make_kvm(unsigned n, std::uint32_t created_vcpus) {
  const unsigned at = kKvmsAt + n * 64;
  put(at + kFakeCreatedVcpus, created_vcpus);
  return address_ + at;
}

void FakeKernel::set_vmx_reason(unsigned n, std::uint32_t full) { put(n * kStride + kFakeVmxReason, full); }
void FakeKernel::set_svm_code(unsigned n, std::uint32_t code) { put(n * kStride + kVmcbAt + kFakeSvmCode, code); }
void FakeKernel::set_rax(unsigned n, std::uint64_t rax) { put(n * kStride + kFakeRax, rax); }
void FakeKernel::set_rcx(unsigned n, std::uint64_t rcx) { put(n * kStride + kFakeRax + 8, rcx); }

void FakeKernel::set_vmx_told(unsigned n, std::uint64_t qualification, std::uint32_t intr_info, std::uint32_t avail) {
  put(n * kStride + kFakeVmxQualification, qualification);
  put(n * kStride + kFakeVmxIntrInfo, intr_info);
  put(n * kStride + kFakeRegsAvail, avail);
}
void FakeKernel::set_svm_vmcb(unsigned n, std::uint64_t address) { put(n * kStride + kFakeSvmVmcb, address); }
void FakeKernel::set_svm_info(unsigned n, std::uint64_t info_1, std::uint64_t info_2) {
  put(n * kStride + kVmcbAt + kFakeSvmInfo1, info_1);
  put(n * kStride + kVmcbAt + kFakeSvmInfo2, info_2);
}

void FakeKernel::load_vcpu(unsigned n) const {
  stack_t stack{};
  stack.ss_sp = reinterpret_cast<void*>(vcpu(n) + kFakePreemptNotifier);  // NOLINT(performance-no-int-to-ptr)
  stack.ss_size = std::size_t{1} << 20;
  if (::sigaltstack(&stack, nullptr) != 0) std::abort();
}

void FakeKernel::load_none() const {
  stack_t stack{};
  stack.ss_flags = SS_DISABLE;
  if (::sigaltstack(&stack, nullptr) != 0) std::abort();
}

std::uint64_t FakeKernel::module(std::string_view name) {
  std::array<char, 56> padded{};
  name.copy(padded.data(), padded.size() - 1);
  put(kModuleAt + kFakeModuleName, padded);
  return address_ + kModuleAt;
}

bool run_program(std::string_view name, std::initializer_list<std::uint64_t> arguments) {
  const int fd = program_fd(name);
  if (fd < 0) return false;
  bpf_test_run_opts run{};
  run.sz = sizeof(run);
  run.ctx_in = arguments.begin();
  run.ctx_size_in = static_cast<std::uint32_t>(arguments.size() * sizeof(std::uint64_t));
  return bpf_prog_test_run_opts(fd, &run) == 0;
}

std::map<std::string, std::uint32_t> verified_instructions() {
  std::map<std::string, std::uint32_t> found;
  for (int fd = 3; fd < 1024; ++fd) {
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    // Neither a map's description nor a link's has a place for it.
    if (bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && size > offsetof(bpf_prog_info, verified_insns))
      found[static_cast<const char*>(info.name)] = info.verified_insns;
  }
  return found;
}

bool move_to_cpu(unsigned cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return ::sched_setaffinity(0, sizeof(set), &set) == 0;
}

}  // namespace exitledger
