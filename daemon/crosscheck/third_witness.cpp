// SPDX-License-Identifier: MIT
#include "crosscheck/third_witness.h"

#include <fmt/format.h>

namespace exitledger {
namespace {

std::int64_t minus(std::uint64_t a, std::uint64_t b) { return static_cast<std::int64_t>(a - b); }

// What the books hold beyond the other side: `most` counts all that may be on its way, `least` none of it.
struct Surplus {
  std::int64_t least = 0, most = 0;
};

struct Finding {
  Verdict verdict;
  std::string why;
};

// `on_the_way`: events that may be in the book and not yet on the other side.
Finding judge(const Surplus& surplus, std::int64_t on_the_way, std::string_view other) {
  if (surplus.most == 0) return {Verdict::kAgrees, {}};
  if (surplus.most < 0)
    return {Verdict::kDisagrees, fmt::format("{} {} more than the eBPF book", other, -surplus.most)};
  if (surplus.least > on_the_way)
    return {Verdict::kDisagrees,
            fmt::format("{} {} less than the eBPF book, {} can be on their way", other, surplus.least, on_the_way)};
  return {Verdict::kWithinBracket, "vCPUs are busy"};
}

Finding judge_exits(const StatsEvidence& evidence, const StatSum& dead_before, const StatSum& dead_after) {
  const StatSum& before = evidence.before.living[EL_STAT_EXITS];
  const StatSum& after = evidence.after.living[EL_STAT_EXITS];
  const std::uint64_t passes = evidence.passes.value_or(0);
  // Passes only grow: those read are at least the first look's and at most the second's.
  const Surplus surplus{
      minus(after.counted_before + dead_after.counted + passes, after.statistic + dead_after.statistic),
      minus(before.counted + dead_before.counted + passes, before.statistic + dead_before.statistic)};
  const std::int64_t on_the_way = evidence.after.living_vcpus;
  if (!evidence.passes && surplus.most != 0 && surplus.least <= on_the_way)
    return {Verdict::kCannotTell, "passes of KVM's emulator are known to the leaf alone"};
  // Of vCPUs that never had a slot KVM's count is known, and which part of it the eBPF book lost is not.
  if (surplus.most != 0 && !evidence.all_in_slots && (passes > 0 || evidence.after.slotless > 0))
    return {Verdict::kCannotTell, "exits of vCPUs without a slot are in no vCPU's book"};
  if (surplus.most != 0 && passes > 0) {
    if (!evidence.passes_from_start)
      return {Verdict::kCannotTell, "KVM emulated guests before the probe saw their first exits"};
    if (evidence.after.unread_vcpus > 0)
      return {Verdict::kCannotTell, "KVM emulated guests, and not every vCPU could be read"};
    if (surplus.least > on_the_way)
      return {Verdict::kCannotTell, "passes of KVM's emulator on a vCPU that had no exit yet, or a wrong statistic"};
  }
  return judge(surplus, on_the_way, "KVM counts");
}

Finding judge_handled(const StatsEvidence& evidence, const StatSum& living, const StatSum& dead) {
  if (evidence.hypercalls_after.reflected > 0)
    return {Verdict::kCannotTell, "exits of nested guests went to their hypervisor, which this does not count"};
  if (dead.counted != dead.statistic)
    return {Verdict::kDisagrees,
            fmt::format("of dead vCPUs KVM counts {}, the eBPF book {}", dead.statistic, dead.counted)};
  return judge({minus(living.counted_before, living.statistic), minus(living.counted, living.statistic)},
               evidence.after.living_vcpus, "KVM counts");
}

// A vCPU without a slot was never counted by the books: all that KVM counted of it was passes.
StatSum with_slotless(StatSum dead, std::uint64_t slotless) {
  dead.statistic += slotless;
  return dead;
}

StatVerdict judge_stat(const StatsEvidence& evidence, el_stat stat) {
  const bool exits = stat == EL_STAT_EXITS;
  const StatSum& living = evidence.after.living[stat];
  const StatSum dead = with_slotless(evidence.after.dead[stat], exits ? evidence.after.slotless : 0);
  StatVerdict row;
  row.name = stat_label(stat);
  row.statistic = living.statistic + dead.statistic;
  row.counted = living.counted + dead.counted;
  if (exits) row.passes = evidence.passes.value_or(0);
  row.residual = minus(row.counted + row.passes, row.statistic);
  const Finding finding =
      exits ? judge_exits(evidence, with_slotless(evidence.before.dead[stat], evidence.before.slotless), dead)
            : judge_handled(evidence, living, dead);
  row.verdict = finding.verdict;
  row.why = finding.why;
  return row;
}

HypercallBalance judge_hypercalls(const StatsEvidence& evidence) {
  const auto sum = [](const Hypercalls& calls) {
    return calls.kvm() + calls.hyperv + calls.xen + calls.reflected_hypercall;
  };
  const Hypercalls& now = evidence.hypercalls_after;
  HypercallBalance balance;
  balance.exits = evidence.hypercall_exits_after;
  balance.kvm = now.kvm();
  balance.hyperv = now.hyperv;
  balance.xen = now.xen;
  balance.reflected = now.reflected_hypercall;
  balance.residual = minus(balance.exits, sum(now));
  const std::int64_t on_the_way = evidence.after.living_vcpus;
  Surplus surplus{minus(evidence.hypercall_exits_before, sum(now)),
                  minus(balance.exits, sum(evidence.hypercalls_before))};
  // One per vCPU may have been on its way when the probe attached: its exit is in no book.
  if (!evidence.began_at_load && surplus.most < 0 && surplus.most >= -on_the_way) surplus = {};
  Finding finding = judge(surplus, on_the_way, "KVM's hypercall tracepoints fired");
  if (finding.verdict == Verdict::kDisagrees && surplus.least > 0 && now.hyperv > 0)
    finding = {Verdict::kCannotTell, "guests use Hyper-V's hypercalls, and those that end in #UD have no witness"};
  balance.verdict = finding.verdict;
  balance.why = finding.why;
  return balance;
}

}  // namespace

ThirdWitness judge_third_witness(const StatsEvidence& evidence) {
  ThirdWitness witness;
  for (unsigned i = 0; i < EL_STAT_JUDGED; ++i)
    if (evidence.after.known[i]) witness.stats.push_back(judge_stat(evidence, static_cast<el_stat>(i)));
  witness.hypercalls = judge_hypercalls(evidence);
  witness.living_vcpus = evidence.after.living_vcpus;
  witness.dead_vcpus = evidence.after.dead_vcpus;
  witness.unread_vcpus = evidence.after.unread_vcpus;
  return witness;
}

}  // namespace exitledger
