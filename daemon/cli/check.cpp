// SPDX-License-Identifier: MIT
// exitledger check: both books of the running session, reason by reason, and the verdict.
#include <fmt/format.h>

#include "cli/backend.h"
#include "cli/commands.h"
#include "session/compare.h"
#include "session/session_json.h"

namespace exitledger::cli {
namespace {

void print_row(const ReasonVerdict& row, const std::string& name) {
  fmt::print("{:>6}  {:<22} {:>16} {:>16} {:>10} {:>10}  {}{}\n",
             is_pseudo(row.reason) ? "" : std::to_string(row.reason), name, grouped(row.ebpf), grouped(row.leaf),
             grouped(row.own), row.residual, to_string(row.verdict), row.why.empty() ? "" : ": " + row.why);
}

void print_third(const ThirdWitness& third) {
  fmt::print("{:<18} {:>16} {:>16} {:>10} {:>10}  {}\n", "KVM's statistic", "KVM", "eBPF", "passes", "residual",
             "verdict");
  for (const StatVerdict& row : third.stats)
    fmt::print("{:<18} {:>16} {:>16} {:>10} {:>10}  {}{}\n", row.name, grouped(row.statistic), grouped(row.counted),
               grouped(row.passes), row.residual, to_string(row.verdict), row.why.empty() ? "" : ": " + row.why);
  const HypercallBalance& calls = third.hypercalls;
  fmt::print("hypercalls: {} exits = {} KVM + {} Hyper-V + {} Xen + {} to L1, residual {}: {}{}\n",
             grouped(calls.exits), grouped(calls.kvm), grouped(calls.hyperv), grouped(calls.xen),
             grouped(calls.reflected), calls.residual, to_string(calls.verdict),
             calls.why.empty() ? "" : ": " + calls.why);
}

// Nothing where no cycles are kept: a host without them is none that anything is wrong with.
void print_time(const Session& session) {
  const TimeResult& time = session.time;
  if (time.reasons.empty()) return;
  fmt::print("time from exit to entry, since the session's first reading; TSC {} Hz, explained per exit: {} ns\n",
             grouped(time.rate_hz), grouped(static_cast<std::uint64_t>(time.gap_ns)));
  fmt::print("{:>6}  {:<22} {:>14} {:>16} {:>16} {:>12}  {}\n", "reason", "name", "exits", "eBPF us", "leaf us",
             "ns per exit", "verdict");
  constexpr double kNsPerUs = 1000;
  for (const TimeRow& row : time.reasons) {
    const double per_exit =
        row.exits == 0 ? 0 : static_cast<double>(row.difference_ns) / static_cast<double>(row.exits);
    fmt::print("{:>6}  {:<22} {:>14} {:>16.1f} {:>16.1f} {:>12.0f}  {}{}\n",
               is_pseudo(row.reason) ? "" : std::to_string(row.reason), reason_label(session.vendor, row.reason),
               grouped(row.exits), static_cast<double>(row.ebpf_ns) / kNsPerUs,
               static_cast<double>(row.leaf_ns) / kNsPerUs, per_exit, to_string(row.verdict),
               row.why.empty() ? "" : ": " + row.why);
  }
  fmt::print("time: {}{}\n", to_string(time.verdict), time.why.empty() ? "" : ": " + time.why);
}

void print_session(const Session& session) {
  fmt::print("session {}: {} paging, kernel {}, {} readings, losses {}\n", session.id, to_string(session.paging),
             session.kernel, session.rounds, session.losses.total());
  fmt::print("{:>6}  {:<22} {:>16} {:>16} {:>10} {:>10}  {}\n", "reason", "name", "eBPF", "leaf", "own", "residual",
             "verdict");
  for (const ReasonVerdict& row : session.reasons) print_row(row, reason_label(session.vendor, row.reason));
  fmt::print("each row was read at an instant of its own: while exits go on the rows add up to less than ALL\n");
  if (session.third) print_third(*session.third);
  for (const BrokenLaw& law : session.laws_broken)
    fmt::print("law broken: {} ({} exits)\n", law.law, grouped(law.count));
  print_time(session);
  fmt::print("verdict: {}{}\n", to_string(session.verdict), session.why.empty() ? "" : ": " + session.why);
}

void print_guests(const nlohmann::json& answer) {
  const Vendor vendor = answer.at("vendor") == to_string(Vendor::kSvm) ? Vendor::kSvm : Vendor::kVmx;
  for (const auto& [label, count] : answer.at("judged").items())
    fmt::print("{:<14} {:>12}\n", label, grouped(count.get<std::uint64_t>()));
  if (const auto lost = answer.at("losses").get<std::uint64_t>(); lost > 0)
    fmt::print("{:<14} {:>12}  events of vCPUs without a book: not every answer was judged (serve --slots)\n", "lost",
               grouped(lost));
  for (const auto& row : answer.at("different"))
    fmt::print("different: VM {}, vCPU {}, {} (scope {}): told {}, not {} to {}; {} ns\n",
               row.at("vm").get<std::uint64_t>(), row.at("vcpu").get<unsigned>(),
               reason_label(vendor, row.at("reason").get<Reason>()), row.at("scope").get<unsigned>(),
               grouped(row.at("leaf").get<std::uint64_t>()), grouped(row.at("least").get<std::uint64_t>()),
               grouped(row.at("most").get<std::uint64_t>()), row.at("time_ns").get<std::uint64_t>());
}

int check_guests(const Common& common, bool json) {
  const auto daemon = daemon_backend(common);
  if (!daemon) return complain(daemon.error());
  if (!*daemon) return complain({"judge", "what guests were told", 0, "needs a daemon: exitledger serve"});
  const auto answer = (*daemon)->call("GET", "/api/v1/answers", {});
  if (!answer) return complain(answer.error());
  const auto& judged = answer->at("judged");
  if (json)
    fmt::print("{}\n", answer->dump(2));
  else
    print_guests(*answer);
  if (judged.at("different").get<std::uint64_t>() > 0) return exit_status(Verdict::kDisagrees);
  const bool all_judged = answer->at("losses").get<std::uint64_t>() == 0;
  return exit_status(all_judged && judged.at("equal").get<std::uint64_t>() > 0 ? Verdict::kAgrees
                                                                               : Verdict::kCannotTell);
}

}  // namespace

int run_check(const Common& common, const CheckOptions& options) {
  if (options.guests) return check_guests(common, options.json);
  const auto backend = any_backend(common);
  if (!backend) return complain(backend.error());
  ApiParameters parameters;
  if (options.rounds != 0) parameters["rounds"] = std::to_string(options.rounds);
  const auto answer = (*backend)->call("POST", "/api/v1/check", parameters);
  if (!answer) return complain(answer.error());
  const auto session = session_from_json(*answer);
  if (!session) return complain(session.error());
  if (options.json)
    fmt::print("{}\n", answer->dump(2));
  else
    print_session(*session);
  return exit_status(judged(*session));
}

}  // namespace exitledger::cli
