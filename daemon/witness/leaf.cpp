// SPDX-License-Identifier: MIT
#include "witness/leaf.h"

#include <cerrno>
#include <chrono>

#include "microvm/cpu_pin.h"
#include "microvm/kvm_device.h"
#include "microvm/leaf_program.h"
#include "microvm/machine.h"
#include "microvm/run_limit.h"
#include "witness/leaf_answers.h"
#include "witness/leaf_machine.h"

namespace exitledger {
namespace {

constexpr std::uint32_t kGuestBase = 0x1000;
// A thousand queries take about a millisecond; an emulated host is some hundred times slower.
constexpr std::chrono::seconds kTimeLimit{30};

constexpr std::uint64_t bit_of(leaf::Scope scope) { return std::uint64_t{1} << static_cast<unsigned>(scope); }
constexpr std::uint64_t kOwnScopes =
    bit_of(leaf::Scope::kDefault) | bit_of(leaf::Scope::kVcpu) | bit_of(leaf::Scope::kVm);
constexpr std::uint64_t kAllScopes = kOwnScopes | bit_of(leaf::Scope::kHost) | bit_of(leaf::Scope::kCpu);

Result<LeafSupport> support_of(const KvmDevice& device) {
  const auto extension = device.check_extension(leaf::kCapability);
  if (!extension) return Failure(extension.error());
  return support_from(*extension);
}

Result<std::vector<leaf::Registers>> run_program(const KvmDevice& device, std::span<const CpuidQuery> queries) {
  const LeafProgram program(kGuestBase, queries);
  auto machine = Machine::create(device, {.base = kGuestBase, .bytes = program.memory_bytes()});
  if (!machine) return Failure(machine.error());
  program.load_into(machine->memory());
  if (auto done = let_in(*machine); !done) return Failure(done.error());
  if (auto done = machine->add_vcpu(kGuestBase); !done) return Failure(done.error());
  if (auto done = machine->set_cpuid({{off_mark()}}); !done) return Failure(done.error());
  const auto limit = RunLimit::arm(kTimeLimit);
  if (!limit) return Failure(limit.error());
  const auto exit = machine->run(*limit);
  if (!exit) return Failure(exit.error());
  if (!std::holds_alternative<vmexit::Halted>(*exit)) {
    return fail("run", "micro guest", "it ended with " + describe(*exit) + ", not with HLT");
  }
  return program.answers_in(machine->memory());
}

Result<std::vector<LeafAnswer>> ask_through(const KvmDevice& device, std::span<const LeafQuery> queries) {
  std::vector<CpuidQuery> asked;
  for (const auto& query : queries) asked.push_back({query.eax, query.ecx});
  const auto registers = run_program(device, asked);
  if (!registers) return Failure(registers.error());
  std::vector<LeafAnswer> answers;
  for (std::size_t i = 0; i < queries.size(); ++i) answers.push_back({queries[i], (*registers)[i]});
  if (switched_off(answers)) return off_failure();
  return answers;
}

}  // namespace

Result<void> let_in(Machine& machine) {
  auto all = machine.enable_capability(leaf::kCapability, kAllScopes);
  if (all || all.error().code != EPERM) return all;
  auto own = machine.enable_capability(leaf::kCapability, kOwnScopes);
  if (own || own.error().code != EPERM) return own;
  return {};
}

Result<LeafSupport> leaf_support(const LeafOptions& options) {
  const auto device = KvmDevice::open(options.device);
  if (device) return support_of(*device);
  const int code = device.error().code;
  // ENXIO, too, is what a device node says that nobody serves.
  if (code == ENOENT || code == ENODEV || code == ENXIO) return LeafSupport::kNoKvm;
  return Failure(device.error());
}

Result<std::vector<LeafAnswer>> ask_leaf(const LeafOptions& options, std::span<const LeafQuery> queries,
                                         std::optional<unsigned> cpu) {
  if (queries.empty()) return std::vector<LeafAnswer>{};
  std::optional<CpuPin> pin;
  if (cpu) {
    auto pinned = CpuPin::to(*cpu);
    if (!pinned) return Failure(pinned.error());
    pin.emplace(std::move(*pinned));
  }
  const auto device = KvmDevice::open(options.device);
  if (!device) return Failure(device.error());
  const auto support = support_of(*device);
  if (!support) return Failure(support.error());
  if (*support != LeafSupport::kPatched) {
    return fail("KVM_CHECK_EXTENSION", options.device,
                "this KVM is not patched: it does not know capability 0x4FFFFFFE");
  }
  return ask_through(*device, queries);
}

Result<LeafHost> leaf_host(const AskLeaf& ask) {
  const auto answers = ask(host_queries());
  if (!answers) return Failure(answers.error());
  std::uint32_t entries = 0;
  auto host = host_from(*answers, entries);
  if (!host) return host;
  const auto table = ask(table_queries(entries));
  if (!table) return Failure(table.error());
  auto reasons = table_from(*table);
  if (!reasons) return Failure(reasons.error());
  host->reasons = std::move(*reasons);
  return host;
}

}  // namespace exitledger
