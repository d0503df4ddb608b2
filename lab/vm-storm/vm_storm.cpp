// SPDX-License-Identifier: MIT
// exitledger-vm-storm: many VMs that are born, do a known number of CPUID exits and die. A workload for lab tests.
//
// Each VM runs in a thread of its own; `--at-once` of them live side by side. Every VM must have run to its HLT, or the
// exit status is 1.
#include <CLI/CLI.hpp>
#include <atomic>
#include <barrier>
#include <cstdio>
#include <thread>
#include <vector>

#include "microvm/code.h"
#include "microvm/machine.h"

namespace {

using namespace exitledger;

// CPUID `count` times, then HLT.
Code program_of(std::uint32_t count) {
  Code code;
  code.mov(Register::kEsi, count);
  const Code::Label again = code.here();
  code.cpuid().dec(Register::kEsi).jump_if_not_zero(again).hlt();
  return code;
}

Result<void> live_and_die(std::uint32_t cpuids, std::barrier<>& all_alive) {
  const auto device = KvmDevice::open("/dev/kvm");
  auto machine = device ? Machine::create(*device, {}) : tl::unexpected{device.error()};
  auto ready = machine ? machine->add_vcpu(machine->base()) : tl::unexpected{machine.error()};
  // Every VM is there before the first one dies; a VM that failed must not keep the others waiting.
  all_alive.arrive_and_wait();
  if (!ready) {
    all_alive.arrive_and_drop();
    return ready;
  }
  const Code code = program_of(cpuids);
  std::copy(code.bytes().begin(), code.bytes().end(), machine->memory().begin());
  const auto limit = RunLimit::arm(std::chrono::seconds{60});
  const auto exit = limit ? machine->run(*limit) : tl::unexpected{limit.error()};
  all_alive.arrive_and_wait();
  if (!exit) return tl::unexpected{exit.error()};
  if (!std::holds_alternative<vmexit::Halted>(*exit)) return fail("run", "a VM", describe(*exit));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  unsigned vms = 0;
  unsigned at_once = 1;
  unsigned cpuids = 0;
  CLI::App app{"VMs that are born, execute CPUID a known number of times and die"};
  app.add_option("--vms", vms, "VMs altogether")->required()->check(CLI::Range(1U, 100'000U));
  app.add_option("--at-once", at_once, "VMs that live at the same time")->check(CLI::Range(1U, 256U));
  app.add_option("--cpuids", cpuids, "CPUID exits of each VM")->required()->check(CLI::Range(1U, 1'000'000'000U));
  CLI11_PARSE(app, argc, argv);

  std::atomic<unsigned> done{0};
  for (unsigned begun = 0; begun < vms; begun += at_once) {
    const unsigned batch = std::min(at_once, vms - begun);
    std::barrier<> all_alive{static_cast<std::ptrdiff_t>(batch)};
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < batch; ++i)
      threads.emplace_back([&] {
        if (const auto lived = live_and_die(cpuids, all_alive))
          ++done;
        else
          std::fprintf(stderr, "exitledger-vm-storm: %s\n", lived.error().message().c_str());
      });
  }
  std::fprintf(stderr, "exitledger-vm-storm: %u of %u VMs, %u CPUID exits each\n", done.load(), vms, cpuids);
  return done == vms ? 0 : 1;
}
