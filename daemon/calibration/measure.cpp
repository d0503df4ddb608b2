// SPDX-License-Identifier: MIT
#include "calibration/measure.h"

#include <sys/eventfd.h>
#include <x86intrin.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "calibration/guest.h"
#include "microvm/ioctl.h"
#include "microvm/kvm_device.h"
#include "microvm/machine.h"
#include "microvm/run_limit.h"
#include "witness/leaf_answers.h"
#include "witness/leaf_machine.h"

namespace exitledger {
namespace {

constexpr std::uint32_t kBase = 0x1000;
// A turn that goes to user space takes microseconds on a processor and up to a millisecond in an emulated host.
constexpr std::chrono::seconds kLeastTime{30};
constexpr std::chrono::milliseconds kTimePerTurn{2};

// CPUID of the guest: what the row needs, and as highest basic leaf the mark of a leaf that is switched off.
std::vector<kvm_cpuid_entry2> cpuid_of(const CalibrationRow& row) {
  constexpr std::uint32_t kHighest = 0xE;
  kvm_cpuid_entry2 basic{};
  basic.eax = kHighest;
  kvm_cpuid_entry2 features{};
  features.function = 1;
  features.edx = 1U << 5;  // MSR
  kvm_cpuid_entry2 mark = off_mark();
  mark.function = kHighest;
  std::vector<kvm_cpuid_entry2> entries{basic, features, mark};
  if (!row.xsave) return entries;
  entries[1].ecx = 1U << 26;  // XSAVE
  kvm_cpuid_entry2 xsave{};
  xsave.function = 0xD;
  xsave.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
  xsave.eax = 0x3;  // XCR0 may have x87 and SSE
  entries.push_back(xsave);
  return entries;
}

// OUT to `port` ends in the kernel.
Result<UniqueFd> catch_port(const Machine& machine, std::uint8_t port) {
  UniqueFd fd{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  if (!fd) return fail_errno("eventfd", "the calibration's guest");
  kvm_ioeventfd request{};
  request.addr = port;
  request.len = 1;
  request.fd = fd.get();
  request.flags = KVM_IOEVENTFD_FLAG_PIO;
  if (const auto done = kvm_ioctl(machine.vm_fd(), KVM_IOEVENTFD, "KVM_IOEVENTFD", &request); !done)
    return Failure(done.error());
  return fd;
}

// What user space is for here: halts, ports and memory that is none go on. Anything else is no part of a row.
bool goes_on(const VmExit& exit) {
  return std::holds_alternative<vmexit::Halted>(exit) || std::holds_alternative<vmexit::PortIo>(exit) ||
         std::holds_alternative<vmexit::Mmio>(exit);
}

// Real mode as a boot loader makes it: flat data, so that a KVM without unrestricted guest has to emulate it (vmx.c,
// rmode_segment_valid()).
kvm_sregs real_mode(kvm_sregs registers) {
  kvm_segment segment{};
  segment.limit = 0xFFFF;
  segment.type = 3;
  segment.present = segment.s = 1;
  registers.ss = registers.fs = registers.gs = segment;
  segment.limit = 0xFFFFFFFF;
  segment.g = 1;
  registers.ds = registers.es = segment;
  segment.limit = 0xFFFF;
  segment.g = 0;
  segment.type = 11;
  registers.cs = segment;
  registers.cr0 &= ~std::uint64_t{1};
  return registers;
}

// So many halts in real mode; then on to the questions, in the mode that it came from.
Result<void> halt_in_real_mode(Machine& machine, const CalibrationGuest& guest, std::uint32_t halts,
                               const RunLimit& limit) {
  const auto flat = machine.special_registers();
  if (!flat) return Failure(flat.error());
  if (auto done = machine.set_special_registers(real_mode(*flat)); !done) return done;
  for (std::uint32_t i = 0; i < halts; ++i) {
    const auto exit = machine.run(limit);
    if (!exit) return Failure(exit.error());
    if (!std::holds_alternative<vmexit::Halted>(*exit))
      return fail("run", "the calibration's guest in real mode", "it ended with " + describe(*exit));
  }
  if (auto done = machine.set_special_registers(*flat); !done) return done;
  auto registers = machine.registers();
  if (!registers) return Failure(registers.error());
  registers->rip = guest.questions();
  return machine.set_registers(*registers);
}

Result<void> run_to_end(Machine& machine, std::uint32_t end, const RunLimit& limit) {
  while (true) {
    const auto exit = machine.run(limit);
    if (!exit) return Failure(exit.error());
    const auto registers = machine.registers();
    if (!registers) return Failure(registers.error());
    if (!goes_on(*exit)) return fail("run", "the calibration's guest", "it ended with " + describe(*exit));
    // An OUT is finished by the next entry only: until then RIP may stand at it or behind it.
    const auto* const io = std::get_if<vmexit::PortIo>(&*exit);
    if (io != nullptr ? io->port == kDonePort : registers->rip == end) return {};
  }
}

Result<std::optional<KvmStats>> stats_of_vcpu(const Machine& machine) {
  auto stats = read_kvm_stats(machine.vcpu_fd());
  if (stats) return std::optional{std::move(*stats)};
  if (stats.error().code == ENOTTY || stats.error().code == EINVAL) return std::optional<KvmStats>{};
  return Failure(stats.error());
}

Result<Machine> build(const KvmDevice& device, const CalibrationGuest& guest, const CalibrationRow& row, bool asks) {
  auto machine = Machine::create(device, {.base = kBase, .bytes = guest.memory_bytes()});
  if (!machine) return machine;
  guest.load_into(machine->memory());
  if (row.irqchip) {
    if (const auto done = kvm_ioctl(machine->vm_fd(), KVM_CREATE_IRQCHIP, "KVM_CREATE_IRQCHIP"); !done)
      return Failure(done.error());
  }
  if (asks) {
    if (auto done = let_in(*machine); !done) return Failure(done.error());
  }
  if (auto done = machine->add_vcpu(kBase); !done) return Failure(done.error());
  if (auto done = machine->set_cpuid(cpuid_of(row)); !done) return Failure(done.error());
  if (auto done = guest.prepare(*machine); !done) return Failure(done.error());
  return machine;
}

}  // namespace

Result<RowRun> run_row(const LeafOptions& options, const CalibrationRow& row, std::uint32_t turns,
                       std::span<const LeafQuery> questions) {
  RowRun result;
  result.turns = row.fresh_pages ? std::min(turns, CalibrationGuest::kFreshPages) : turns;
  std::vector<CpuidQuery> asked;
  for (const LeafQuery& query : questions) asked.push_back({query.eax, query.ecx});
  const CalibrationGuest guest(kBase, row, result.turns, asked);
  const auto device = KvmDevice::open(options.device);
  if (!device) return Failure(device.error());
  auto machine = build(*device, guest, row, !questions.empty());
  if (!machine) return Failure(machine.error());
  UniqueFd caught;
  if (row.event_port) {
    auto fd = catch_port(*machine, *row.event_port);
    if (!fd) return Failure(fd.error());
    caught = std::move(*fd);
  }
  const auto limit = RunLimit::arm(kLeastTime + kTimePerTurn * result.turns);
  if (!limit) return Failure(limit.error());
  const std::uint64_t begin = __rdtsc();
  if (row.real_mode)
    if (auto done = halt_in_real_mode(*machine, guest, result.turns, *limit); !done) return Failure(done.error());
  if (auto done = run_to_end(*machine, guest.end(), *limit); !done) return Failure(done.error());
  result.ticks = __rdtsc() - begin;
  const auto registers = guest.answers_in(machine->memory());
  for (std::size_t i = 0; i < questions.size(); ++i) result.answers.push_back({questions[i], registers[i]});
  if (switched_off(result.answers)) return off_failure();
  auto stats = stats_of_vcpu(*machine);
  if (!stats) return Failure(stats.error());
  result.stats = std::move(*stats);
  return result;
}

}  // namespace exitledger
