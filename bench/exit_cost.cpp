// SPDX-License-Identifier: MIT
#include "exit_cost.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

#include "base/unique_fd.h"
#include "calibration/measure.h"
#include "calibration/table.h"
#include "witness/module.h"

namespace exitledger::bench {
namespace {

constexpr std::uint32_t kMostTurns = 1'000'000;
constexpr std::array kKinds{ExitKind{"cpuid", "cpuid", kMostTurns}, ExitKind{"io", "io-out-kernel", kMostTurns},
                            ExitKind{"msr", "rdmsr", kMostTurns}, ExitKind{"page", "fresh-pages", 1024}};

Result<CalibrationRow> row_of(std::string_view name) {
  const auto modules = read_modules("/sys");
  if (!modules) return tl::unexpected{modules.error()};
  if (!modules->vendor || !modules->paging) return fail("measure", "an exit", "no KVM vendor module is loaded");
  for (CalibrationRow& row : calibration_rows({.vendor = *modules->vendor,
                             .paging = *modules->paging,
                             .parameters = modules->parameters,
                             .xsave = processor_has_xsave(),
                             .rdrand = processor_has_rdrand()}))
    if (row.name == name) return std::move(row);
  return fail("measure", std::string{name}, "this processor's table has no such row");
}

struct Loop {
  std::uint64_t ticks = 0, exits = 0;
};

Result<Loop> loop(const CalibrationRow& row, std::uint32_t turns) {
  const auto run = run_row({}, row, turns, {});
  if (!run) return tl::unexpected{run.error()};
  if (!run->stats || !run->stats->contains("exits"))
    return fail("measure", std::string{row.name}, "this KVM has no statistics of its vCPUs");
  return Loop{run->ticks, run->stats->at("exits")};
}

/// In a child; what went wrong there is on stderr.
Result<Loop> loop_in_child(const CalibrationRow& row, std::uint32_t turns) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe", "to the guest's process");
  UniqueFd from{ends[0]}, to{ends[1]};
  const pid_t child = fork();
  if (child < 0) return fail_errno("fork", "the guest's process");
  if (child == 0) {
    const auto done = loop(row, turns);
    if (!done) std::fprintf(stderr, "bench-exits: %s\n", done.error().message().c_str());
    const Loop result = done.value_or(Loop{});
    _exit(done && write(to.get(), &result, sizeof result) == sizeof result ? 0 : 1);
  }
  to.reset();
  Loop result;
  const bool whole = read(from.get(), &result, sizeof result) == sizeof result;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  if (!whole || status != 0) return fail("measure", std::string{row.name}, "the guest's process failed");
  return result;
}

}  // namespace

std::span<const ExitKind> exit_kinds() { return kKinds; }

Result<double> ticks_per_exit(const ExitKind& kind, std::uint32_t turns) {
  const auto row = row_of(kind.row);
  if (!row) return tl::unexpected{row.error()};
  turns = std::min(turns, kind.most / 2);
  const auto shorter = loop_in_child(*row, turns), longer = shorter ? loop_in_child(*row, 2 * turns) : shorter;
  if (!longer) return tl::unexpected{longer.error()};
  if (longer->exits <= shorter->exits)
    return fail("measure", std::string{kind.name}, "the longer loop had no more exits than the shorter one");
  return static_cast<double>(longer->ticks - shorter->ticks) / static_cast<double>(longer->exits - shorter->exits);
}

}  // namespace exitledger::bench
