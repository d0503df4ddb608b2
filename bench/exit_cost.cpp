// SPDX-License-Identifier: MIT
#include "exit_cost.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "calibration/guest.h"
#include "calibration/measure.h"
#include "calibration/table.h"
#include "in_child.h"
#include "witness/module.h"

namespace exitledger::bench {
namespace {

constexpr std::uint32_t kMostTurns = 1'000'000;
constexpr int kLeastAttempts = 4, kMostAttempts = 20;
constexpr std::uint64_t kSameTicks = 64;  // runs that nothing disturbed differ by a few dozen instructions
// Of Debian's kernels, 250 a second. A loop that is shorter than a fifth of it meets the tick from one of these at
// most.
constexpr std::chrono::microseconds kTick{4000};
constexpr std::array kPhases{0 * kTick / 5, 2 * kTick / 5, 4 * kTick / 5, 1 * kTick / 5, 3 * kTick / 5};
constexpr std::array kKinds{ExitKind{"cpuid", "cpuid", kMostTurns}, ExitKind{"io", "io-out-kernel", kMostTurns},
                            ExitKind{"msr", "rdmsr", kMostTurns},
                            ExitKind{"page", "fresh-pages", CalibrationGuest::kFreshPages, 8}};

constexpr std::array kLeafReads{ExitKind{"leaf-vcpu", "", kMostTurns, 1, leaf::Scope::kVcpu},
                                ExitKind{"leaf-vm", "", kMostTurns, 1, leaf::Scope::kVm},
                                ExitKind{"leaf-cpu", "", kMostTurns, 1, leaf::Scope::kCpu},
                                ExitKind{"leaf-host", "", kMostTurns, 1, leaf::Scope::kHost}};

LeafQuery query_of(leaf::Scope scope) { return {leaf::kExits, leaf::ecx_of(scope, kReasonAll)}; }

CalibrationRow leaf_read(std::string_view name, const LeafQuery& query) {
  CalibrationRow row{.name = name, .why = "CPUID exits always", .expected = {}};
  row.turn.mov(Register::kEax, query.eax).mov(Register::kEcx, query.ecx).cpuid();
  return row;
}

Result<CalibrationRow> row_of(const ExitKind& kind) {
  if (kind.reads) return leaf_read(kind.name, query_of(*kind.reads));
  const auto modules = read_modules("/sys");
  if (!modules) return tl::unexpected{modules.error()};
  if (!modules->vendor || !modules->paging) return fail("measure", "an exit", "no KVM vendor module is loaded");
  for (CalibrationRow& row : calibration_rows({.vendor = *modules->vendor,
                             .paging = *modules->paging,
                             .parameters = modules->parameters,
                             .xsave = processor_has_xsave(),
                             .rdrand = processor_has_rdrand()}))
    if (row.name == kind.row) return std::move(row);
  return fail("measure", std::string{kind.row}, "this processor's table has no such row");
}

struct Loop {
  std::uint64_t ticks = 0, exits = 0;
  bool alike = false;            // another one took as long
  std::uint64_t exits_of_all{};  // of those that took longer as well
};

Result<Loop> loop(const CalibrationRow& row, std::uint32_t turns, std::optional<leaf::Scope> reads) {
  std::vector<LeafQuery> questions;
  if (reads) questions.push_back(query_of(*reads));
  const auto run = run_row({}, row, turns, questions);
  if (!run) return tl::unexpected{run.error()};
  if (reads && leaf::refused(run->answers.front().registers))
    return fail("measure", std::string{row.name}, "this KVM refuses reads in that scope");
  if (!run->stats || !run->stats->contains("exits"))
    return fail("measure", std::string{row.name}, "this KVM has no statistics of its vCPUs");
  return Loop{.ticks = run->ticks, .exits = run->stats->at("exits")};
}

void sleep_until(std::chrono::microseconds phase) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto next = std::chrono::ceil<std::chrono::microseconds>(now) / kTick * kTick + kTick + phase;
  std::this_thread::sleep_until(std::chrono::steady_clock::time_point{next});
}

/// What comes in between, the kernel's tick above all, only adds: a run that nothing disturbed is the shortest, and the
/// shortest more than once. Each begins at another time of the tick.
Result<Loop> undisturbed(const ExitKind& kind, const CalibrationRow& row, std::uint32_t turns) {
  Loop least;
  int seen = 0;
  std::uint64_t exits = 0;
  for (int i = 0; i < kMostAttempts && (i < kLeastAttempts || seen < 2); ++i) {
    sleep_until(kPhases[static_cast<std::size_t>(i) % kPhases.size()]);
    const auto run = in_child<Loop>(std::string{kind.name}, [&] { return loop(row, turns, kind.reads); });
    if (!run) return tl::unexpected{run.error()};
    exits += run->exits;
    if (seen == 0 || run->ticks + kSameTicks < least.ticks)
      seen = 1, least = *run;
    else if (run->ticks <= least.ticks + kSameTicks)
      ++seen;
  }
  least.alike = seen > 1;
  least.exits_of_all = exits;
  return least;
}

}  // namespace

std::span<const ExitKind> exit_kinds() { return kKinds; }
std::span<const ExitKind> leaf_reads() { return kLeafReads; }

Result<ExitCost> ticks_per_exit(const ExitKind& kind, std::uint32_t turns) {
  const auto row = row_of(kind);
  if (!row) return tl::unexpected{row.error()};
  turns = std::min(turns * kind.turns_per_exit, kind.most / 2);
  const auto shorter = undisturbed(kind, *row, turns), longer = shorter ? undisturbed(kind, *row, 2 * turns) : shorter;
  if (!longer) return tl::unexpected{longer.error()};
  if (longer->exits <= shorter->exits || longer->ticks <= shorter->ticks)
    return fail("measure", std::string{kind.name}, "the longer loop took no more exits or time than the shorter one");
  const auto ticks = longer->ticks - shorter->ticks, exits = longer->exits - shorter->exits;
  return ExitCost{static_cast<double>(ticks) / static_cast<double>(exits), longer->alike && shorter->alike,
                  shorter->exits_of_all + longer->exits_of_all};
}

}  // namespace exitledger::bench
