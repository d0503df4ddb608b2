// SPDX-License-Identifier: MIT
#include "cli/session_text.h"

#include <fmt/format.h>

#include "base/escape.h"
#include "base/text.h"
#include "cli/streams.h"
#include "session/session_json.h"

namespace exitledger::cli {
namespace {

void print_row(const ReasonVerdict& row, const std::string& name) {
  print_line("{:>6}  {:<22} {:>16} {:>16} {:>10} {:>10}  {}{}", is_pseudo(row.reason) ? "" : std::to_string(row.reason),
             name, grouped(row.ebpf), grouped(row.leaf), grouped(row.own), row.residual, to_string(row.verdict),
             row.why.empty() ? "" : ": " + row.why);
}

// Where no leaf was read there is one book.
void print_book(const Session& session) {
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
    const auto reason = session.ebpf.at[index] == 0 ? std::nullopt : reason_at(session.vendor, index);
    if (reason)
      print_line("{:>6}  {:<22} {:>16} {:>16} {:>10} {:>10}  leaf {}",
                 is_pseudo(*reason) ? "" : std::to_string(*reason), reason_label(session.vendor, *reason),
                 grouped(session.ebpf.at[index]), "-", "-", "-",
                 session.leaf == LeafState::kPresent ? "not read" : to_string(session.leaf));
  }
}

void print_third(const ThirdWitness& third) {
  print_line("KVM's own statistics, since the module's load:");
  print_line("{:<18} {:>16} {:>16} {:>10} {:>10}  {}", "KVM's statistic", "KVM", "eBPF", "passes", "residual",
             "verdict");
  for (const StatVerdict& row : third.stats)
    print_line("{:<18} {:>16} {:>16} {:>10} {:>10}  {}{}", row.name, grouped(row.statistic), grouped(row.counted),
               grouped(row.passes), row.residual, to_string(row.verdict), row.why.empty() ? "" : ": " + row.why);
  const HypercallBalance& calls = third.hypercalls;
  print_line("hypercalls: {} exits = {} KVM + {} Hyper-V + {} Xen + {} to L1, residual {}: {}{}", grouped(calls.exits),
             grouped(calls.kvm), grouped(calls.hyperv), grouped(calls.xen), grouped(calls.reflected), calls.residual,
             to_string(calls.verdict), calls.why.empty() ? "" : ": " + calls.why);
}

// Nothing where no cycles are kept: a host without them is none that anything is wrong with.
void print_time(const Session& session) {
  const TimeResult& time = session.time;
  if (time.reasons.empty()) return;
  print_line("time from exit to entry, since the session's first reading; TSC {} Hz, explained per exit: {} ns",
             grouped(time.rate_hz), grouped(static_cast<std::uint64_t>(time.gap_ns)));
  print_line("{:>6}  {:<22} {:>14} {:>16} {:>16} {:>12}  {}", "reason", "name", "exits", "eBPF us", "leaf us",
             "ns per exit", "verdict");
  constexpr double kNsPerUs = 1000;
  for (const TimeRow& row : time.reasons) {
    const double per_exit =
        row.exits == 0 ? 0 : static_cast<double>(row.difference_ns) / static_cast<double>(row.exits);
    print_line("{:>6}  {:<22} {:>14} {:>16.1f} {:>16.1f} {:>12.0f}  {}{}",
               is_pseudo(row.reason) ? "" : std::to_string(row.reason), reason_label(session.vendor, row.reason),
               grouped(row.exits), static_cast<double>(row.ebpf_ns) / kNsPerUs,
               static_cast<double>(row.leaf_ns) / kNsPerUs, per_exit, to_string(row.verdict),
               row.why.empty() ? "" : ": " + row.why);
  }
  print_line("time: {}{}", to_string(time.verdict), time.why.empty() ? "" : ": " + time.why);
}

void print_facts(const Session& session) {
  if (session.run)
    print_line("command: {} (status {}{}){}", session.run->command,
               session.run->status ? std::to_string(*session.run->status) : "unknown",
               session.run->cut_short ? "; the vendor module was reloaded before it ended" : "",
               session.run->experiment.empty() ? ""
                                               : fmt::format("; {} run {} of experiment {}", session.run->mode,
                                                             session.run->number, session.run->experiment));
  for (const SessionVm& vm : session.vms)
    print_line("VM {}: process {}, {} vCPU{}, {} exits", vm.name.empty() ? "without a name" : vm.name, vm.pid, vm.vcpus,
               vm.vcpus == 1 ? "" : "s", grouped(vm.exits));
  if (session.vms_left_out > 0) print_line("and {} VMs more", grouped(session.vms_left_out));
  std::string parameters;
  for (const auto& [name, value] : session.parameters) parameters += fmt::format(" {}={}", name, value);
  if (!parameters.empty()) fmt::print("{}\n", wrapped("parameters:" + printable(parameters), 100, 2));
}

}  // namespace

void print_session(const Session& session) {
  print_line("session {}{}: {}, {} paging, kernel {}, {} readings, losses {}", session.id,
             session.name.empty() ? "" : " '" + session.name + "'", state_of(session), to_string(session.paging),
             session.kernel, session.rounds, session.losses.total());
  if (!session.cpu.empty()) print_line("processor: {}", session.cpu);
  print_line("{:>6}  {:<22} {:>16} {:>16} {:>10} {:>10}  {}", "reason", "name", "eBPF", "leaf", "own", "residual",
             "verdict");
  for (const ReasonVerdict& row : session.reasons) print_row(row, reason_label(session.vendor, row.reason));
  if (session.reasons.empty())
    print_book(session);
  else
    print_line("each row was read at an instant of its own: while exits go on the rows add up to less than ALL");
  if (session.third) print_third(*session.third);
  for (const BrokenLaw& law : session.laws_broken) print_line("law broken: {} ({} exits)", law.law, grouped(law.count));
  print_time(session);
  print_facts(session);
  print_line("verdict: {}{}", to_string(session.verdict), session.why.empty() ? "" : ": " + session.why);
}

}  // namespace exitledger::cli
