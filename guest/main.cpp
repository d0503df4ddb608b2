// SPDX-License-Identifier: MIT
// exitledger-guest: shows a guest its exits. Runs anywhere: static, no privilege needed.
#include <sched.h>

#include <cstdio>
#include <optional>
#include <utility>

#include "cpuid.h"
#include "microvm/cpu_pin.h"
#include "options.h"
#include "run.h"

namespace {

using namespace exitledger;

constexpr int kCannotRead = 2;

int refuse(const Error& error) {
  std::fprintf(stderr, "exitledger-guest: %s\n", error.message().c_str());
  return kCannotRead;
}

/// Scopes that follow the thread need it to stay where it is.
std::optional<unsigned> cpu_for(const guest::Options& options) {
  if (options.cpu) return options.cpu;
  if (options.scope != leaf::Scope::kVcpu && options.scope != leaf::Scope::kCpu) return std::nullopt;
  return static_cast<unsigned>(::sched_getcpu());
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = guest::parse(argc, argv);
  if (!options) return refuse(options.error());
  if (!options->print_and_exit.empty()) {
    std::fputs(options->print_and_exit.c_str(), stdout);
    return 0;
  }
  std::optional<CpuPin> pin;
  if (const auto cpu = cpu_for(*options)) {
    auto pinned = CpuPin::to(*cpu);
    if (!pinned) return refuse(pinned.error());
    pin.emplace(std::move(*pinned));
  }
  const auto output = guest::run(guest::hardware_cpuid, *options);
  if (!output) return refuse(output.error());
  if (!output->warning.empty()) std::fprintf(stderr, "exitledger-guest: %s\n", output->warning.c_str());
  std::fputs(output->text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : kCannotRead;
}
