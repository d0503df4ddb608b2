// SPDX-License-Identifier: MIT
#include "exit_cost.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "calibration/measure.h"
#include "calibration/table.h"
#include "in_child.h"
#include "witness/module.h"

namespace exitledger::bench {
namespace {

constexpr std::uint32_t kMostTurns = 1'000'000;
constexpr std::array kKinds{ExitKind{"cpuid", "cpuid", kMostTurns}, ExitKind{"io", "io-out-kernel", kMostTurns},
                            ExitKind{"msr", "rdmsr", kMostTurns}, ExitKind{"page", "fresh-pages", 1024}};

constexpr std::array kLeafReads{
    ExitKind{"leaf-vcpu", "", kMostTurns, leaf::Scope::kVcpu}, ExitKind{"leaf-vm", "", kMostTurns, leaf::Scope::kVm},
    ExitKind{"leaf-cpu", "", kMostTurns, leaf::Scope::kCpu}, ExitKind{"leaf-host", "", kMostTurns, leaf::Scope::kHost}};

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
  return Loop{run->ticks, run->stats->at("exits")};
}

}  // namespace

std::span<const ExitKind> exit_kinds() { return kKinds; }
std::span<const ExitKind> leaf_reads() { return kLeafReads; }

Result<double> ticks_per_exit(const ExitKind& kind, std::uint32_t turns) {
  const auto row = row_of(kind);
  if (!row) return tl::unexpected{row.error()};
  turns = std::min(turns, kind.most / 2);
  const auto run = [&](std::uint32_t length) {
    return in_child<Loop>(std::string{kind.name}, [&] { return loop(*row, length, kind.reads); });
  };
  const auto shorter = run(turns), longer = shorter ? run(2 * turns) : shorter;
  if (!longer) return tl::unexpected{longer.error()};
  if (longer->exits <= shorter->exits)
    return fail("measure", std::string{kind.name}, "the longer loop had no more exits than the shorter one");
  return static_cast<double>(longer->ticks - shorter->ticks) / static_cast<double>(longer->exits - shorter->exits);
}

}  // namespace exitledger::bench
