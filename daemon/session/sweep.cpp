// SPDX-License-Identifier: MIT
#include "session/sweep.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "microvm/cpu_pin.h"
#include "model/leaf_abi.h"
#include "witness/tsc_clock.h"

namespace exitledger {
namespace {

bool same_answer(const LeafAnswer& stored, const el_answer& traced) {
  return stored.query.eax == traced.function && stored.query.ecx == traced.index &&
         stored.registers == leaf::Registers{traced.eax, traced.ebx, traced.ecx, traced.edx};
}

// The guest's answers with the tracepoint's, one for one.
Result<std::vector<PairedAnswer>> pair(std::span<const LeafAnswer> stored, std::span<const el_answer> traced,
                                       std::uint32_t cpu, OwnExits& own) {
  std::vector<PairedAnswer> paired;
  for (std::size_t i = 0; i < std::min(stored.size(), traced.size()); ++i) {
    if (!same_answer(stored[i], traced[i]) || traced[i].cpu != cpu) break;
    if (traced[i].slot == EL_NO_SLOT) {
      own.lose();
      return fail("book the reader's own exits on CPU", std::to_string(cpu),
                  "the probe had no slot for the micro guest: see exitledger_slots_limit and serve --slots");
    }
    const unsigned index = index_of(vendor_of(traced[i].isa), static_cast<Reason>(stored[i].query.ecx & 0xFFFF));
    paired.push_back({stored[i], traced[i], own.on(cpu, index) + traced[i].vcpu_count});
  }
  if (paired.size() != stored.size() || traced.size() != stored.size())
    return fail("trace the leaf's answers on CPU", std::to_string(cpu),
                fmt::format("the guest stored {} answers, kvm:kvm_cpuid carried {} and {} of them match", stored.size(),
                            traced.size(), paired.size()));
  return paired;
}

// Exits of the reader's own that are timed for the bound: what one question after another takes.
constexpr int kOwnExits = 16;

// Cycles are kept for exits and their reasons; the sum over all has no partner in the probe's book of durations.
// CPUID's come last, again and again: what lies between two of these answers is one of these questions.
void add_cycles(const LeafHost& host, std::vector<LeafQuery>& queries) {
  const LeafQuery cpuids{leaf::kCycles, leaf::ecx_of(leaf::Scope::kCpu, cpuid_reason(vendor_of(host.flags.vendor())))};
  for (const Reason reason : host.reasons) {
    if (reason == kReasonBackwards) queries.push_back({leaf::kExits, leaf::ecx_of(leaf::Scope::kCpu, reason)});
    const LeafQuery cycles{leaf::kCycles, leaf::ecx_of(leaf::Scope::kCpu, reason)};
    if (is_summand(reason) && cycles.ecx != cpuids.ecx) queries.push_back(cycles);
  }
  queries.insert(queries.end(), kOwnExits + 1, cpuids);
}

std::vector<LeafQuery> queries_to(const LeafHost& host, bool with_time) {
  std::vector<LeafQuery> queries{{leaf::kInfo, leaf::ecx_of(leaf::Scope::kHost, 2)}};
  for (const Reason reason : host.reasons)
    if (in_both_books(reason)) queries.push_back({leaf::kExits, leaf::ecx_of(leaf::Scope::kCpu, reason)});
  if (with_time) add_cycles(host, queries);
  return queries;
}

// One per CPU and reason: of CPUID's the last, and the way to it from the first.
void take_time(const TimeRound& round, TimeReading& time) {
  const auto first = std::find_if(time.rounds.begin(), time.rounds.end(), [&](const TimeRound& each) {
    return each.cpu == round.cpu && each.reason == round.reason;
  });
  if (first == time.rounds.end()) {
    time.rounds.push_back(round);
    return;
  }
  time.own_ns += round.ebpf_ns - first->ebpf_ns;
  time.own_intervals += round.intervals - first->intervals;
  *first = round;
}

// One answer of a CPU into the reading.
Result<void> take(const PairedAnswer& answer, std::uint32_t cpu, std::uint64_t epoch, Reading& reading) {
  const LeafQuery& query = answer.leaf.query;
  const leaf::Registers& told = answer.leaf.registers;
  if (leaf::refused(told))
    return fail("read the leaf of CPU", std::to_string(cpu),
                fmt::format("EAX {:#x} ECX {:#x} was refused: scopes 3 and 4 need CAP_PERFMON", query.eax, query.ecx),
                EPERM);
  const auto reason = static_cast<Reason>(query.ecx & 0xFFFF);
  if (query.eax == leaf::kInfo) {
    if (leaf::exits_in(told) != epoch)
      return fail("read the leaf of CPU", std::to_string(cpu), "the vendor module was reloaded meanwhile");
  } else if (query.eax == leaf::kCycles) {
    take_time({cpu, reason, leaf::cycles_in(told), answer.traced.cpu_ns, answer.traced.cpu_intervals}, reading.time);
  } else if (reason == kReasonBackwards) {
    reading.time.backwards += leaf::exits_in(told);
  } else {
    Round round;
    round.cpu = cpu;
    round.reason = reason;
    round.ebpf_before = round.ebpf_after = answer.traced.cpu_count;
    round.leaf = leaf::exits_in(told);
    round.own = answer.own;
    reading.rounds.push_back(round);
  }
  return {};
}

}  // namespace

std::uint64_t OwnExits::on(std::uint32_t cpu, unsigned index) const {
  const auto found = by_cpu_.find(cpu);
  return found == by_cpu_.end() ? 0 : found->second.at.at(index);
}

Counts OwnExits::sum() const {
  Counts total;
  for (const auto& [cpu, counts] : by_cpu_) total += counts;
  return total;
}

Result<std::vector<PairedAnswer>> ask_paired(const LeafOptions& options, EbpfWitness& ebpf, OwnExits& own,
                                             std::span<const LeafQuery> queries, std::uint32_t cpu) {
  // Whatever an earlier, failed call left behind belongs to nobody.
  static_cast<void>(ebpf.take_own_answers());
  auto answers = ask_leaf(options, queries, cpu);
  const Counts cost = ebpf.take_own_counts();
  if (!answers) {
    own.add(cpu, cost);
    return tl::unexpected{answers.error()};
  }
  const std::vector<el_answer> traced = ebpf.take_own_answers();
  auto paired = pair(*answers, traced, cpu, own);
  own.add(cpu, cost);
  if (!paired) return paired;
  const Vendor vendor = vendor_of(traced.front().isa);
  if (const std::uint64_t cpuids = cost.at[index_of(vendor, cpuid_reason(vendor))]; cpuids != queries.size())
    return fail("book the reader's own exits on CPU", std::to_string(cpu),
                fmt::format("the micro guest executed CPUID {} times, its slot holds {}", queries.size(), cpuids));
  return paired;
}

Result<Reading> sweep(const LeafOptions& options, const LeafHost& host, EbpfWitness& ebpf, OwnExits& own,
                      const std::string& no_time) {
  const std::vector<LeafQuery> queries = queries_to(host, no_time.empty());
  Reading reading;
  reading.vendor = vendor_of(host.flags.vendor());
  reading.paging = static_cast<Paging>(host.flags.paging());
  reading.cycles_kept = host.flags.cycles_kept();
  reading.epoch = host.epoch;
  reading.time.obstacle = no_time;
  auto cpus = usable_cpus();
  if (!cpus) return tl::unexpected{cpus.error()};
  reading.cpus = std::move(*cpus);
  // A CPU that is not read cannot be missed later: say so now.
  if (const long online = sysconf(_SC_NPROCESSORS_ONLN); online > static_cast<long>(reading.cpus.size()))
    return fail(
        "read the leaf of all CPUs", "",
        fmt::format("this process may run on {} of {} online CPUs: widen its affinity", reading.cpus.size(), online));
  for (const std::uint32_t cpu : reading.cpus) {
    auto answers = ask_paired(options, ebpf, own, queries, cpu);
    if (!answers) return tl::unexpected{answers.error()};
    for (const PairedAnswer& answer : *answers)
      if (auto taken = take(answer, cpu, host.epoch, reading); !taken) return tl::unexpected{taken.error()};
  }
  reading.time.clocks = read_clock_pair();
  return reading;
}

}  // namespace exitledger
