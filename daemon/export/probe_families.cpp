// SPDX-License-Identifier: MIT

#include <array>
#include <string_view>

#include "export/family_groups.h"

namespace exitledger {
namespace {

// Tracepoint at which a loss of that cause happens.
std::string_view program_of(el_loss cause) {
  switch (cause) {
    case EL_LOSS_NO_OFFSET:
    case EL_LOSS_READ_FAILED:
    case EL_LOSS_NO_SLOT:
    case EL_LOSS_SLOT_MAP:
    case EL_LOSS_NO_CPU:
    case EL_LOSS_ASK_MAP: return "kvm_exit";
    case EL_LOSS_EXIT_ELSEWHERE:
    case EL_LOSS_ENTRY_NO_EXIT: return "kvm_entry";
    case EL_LOSS_EVENT: return "events";
    case EL_LOSS_KVM_STATS: return "kvm_stats";
    case EL_LOSS_COUNT: break;
  }
  return "unknown";
}

// Leaves that the probe counts answers of: 0x4FFFFFFC + i.
constexpr std::array<std::string_view, 4> kToldLeaves{"0x4ffffffc", "0x4ffffffd", "0x4ffffffe", "0x4fffffff"};

// Every known cause, also at 0: an alert on the first loss needs the 0 before it.
void append_losses(const Losses& losses, Families& out) {
  FamilyBuilder<family::kLostEvents> lost;
  for (unsigned cause = EL_LOSS_NO_OFFSET; cause <= EL_LOSS_KVM_STATS; ++cause) {
    const auto known = static_cast<el_loss>(cause);
    lost.add(losses.cause[cause], program_of(known), loss_label(known));
  }
  for (const auto& [program, misses] : losses.recursion_misses) lost.add(misses, program, "recursion");
  std::move(lost).append_to(out);
}

void append_hypercalls(const std::array<std::uint64_t, EL_HYPERCALLS>& by_number, Families& out) {
  FamilyBuilder<family::kHypercalls> hypercalls;
  std::uint64_t other = 0;
  for (std::size_t number = 0; number < by_number.size(); ++number) {
    const std::string_view name = hypercall_label(static_cast<unsigned>(number));
    if (name.empty()) {
      other += by_number[number];
    } else if (by_number[number] != 0) {
      hypercalls.add(by_number[number], name);
    }
  }
  hypercalls.add(other, "other");
  std::move(hypercalls).append_to(out);
}

void append_told(const ProbeHealth& probe, Families& out) {
  FamilyBuilder<family::kToldAnswers> answers;
  for (std::size_t i = 0; i < kToldLeaves.size(); ++i) answers.add(probe.told[i], kToldLeaves[i]);
  FamilyBuilder<family::kJudgedAnswers> judged;
  for (unsigned told = 0; told < EL_TOLD_COUNT; ++told)
    judged.add(probe.judged[told], told_label(static_cast<el_told>(told)));
  std::move(answers).append_to(out);
  std::move(judged).append_to(out);
}

// The kernel counts runs only while kernel.bpf_stats_enabled is set: no run is no figure.
void append_programs(const std::vector<ProgramHealth>& programs, Families& out) {
  FamilyBuilder<family::kProgramAttached> attached;
  FamilyBuilder<family::kProgramRuns> runs;
  FamilyBuilder<family::kProgramSeconds> seconds;
  for (const ProgramHealth& program : programs) {
    attached.add(program.attached ? 1 : 0, program.name, program.how);
    if (program.run_count == 0) continue;
    runs.add(program.run_count, program.name);
    seconds.add(static_cast<double>(program.run_time_ns) / 1e9, program.name);
  }
  std::move(attached).append_to(out);
  std::move(runs).append_to(out);
  std::move(seconds).append_to(out);
}

}  // namespace

void append_probe(const ExportSnapshot& snapshot, Families& out) {
  if (!snapshot.probe) return;
  const ProbeHealth& probe = *snapshot.probe;
  append_losses(probe.losses, out);
  FamilyBuilder<family::kSlotsUsed> used;
  used.add(probe.slots_used);
  std::move(used).append_to(out);
  FamilyBuilder<family::kSlotsLimit> limit;
  limit.add(probe.slots_limit);
  std::move(limit).append_to(out);
  append_hypercalls(probe.hypercalls.nr, out);
  append_told(probe, out);
  append_programs(probe.programs, out);
}

}  // namespace exitledger
