// SPDX-License-Identifier: MIT
// The third witness of a document: KVM's statistics and hypercall tracepoints against the eBPF book.
#include <algorithm>
#include <set>

#include "certificate/recompute_parts.h"
#include "model/stat_sums.h"

namespace exitledger {
namespace {

const StatVerdict* stat_of(const Session& session, el_stat stat) {
  if (!session.third) return nullptr;
  const auto& stats = session.third->stats;
  const auto found =
      std::find_if(stats.begin(), stats.end(), [&](const StatVerdict& row) { return row.name == stat_label(stat); });
  return found == stats.end() ? nullptr : &*found;
}

bool all_in_slots(const Losses& losses) {
  return losses.cause[EL_LOSS_NO_SLOT] == 0 && losses.cause[EL_LOSS_SLOT_MAP] == 0;
}

std::string states(Verdict verdict) { return fmt::format("states \"{}\"", to_string(verdict)); }

/// "exits" is judged by two looks, and the row is of the second.
void check_exits(const StatVerdict& row, const std::string& path, Findings& findings) {
  if (row.verdict == Verdict::kAgrees && row.residual != 0)
    findings.untold(fmt::format("{}.verdict: {} with a residual of {}", path, states(row.verdict), row.residual));
}

/// A statistic that the handler of one reason counts: why judge_third_witness() does not give the row this verdict.
std::string objection_to_handled(const Session& session, const StatVerdict& row) {
  switch (row.verdict) {
    case Verdict::kAgrees: return row.residual == 0 ? "" : fmt::format(" with a residual of {}", row.residual);
    case Verdict::kWithinBracket:
      if (row.residual == 0) return ", and nothing is missing";
      if (row.residual < 0) return ", and KVM counts more than the eBPF book";
      return session.third->living_vcpus > 0 ? "" : ", and no vCPU lived";
    case Verdict::kCannotTell:
      return ended_with_module(session) && session.hypercalls.reflected == 0
                 ? ", and no exit of a nested guest went to its hypervisor"
                 : "";
    case Verdict::kDisagrees: break;
  }
  return {};
}

void check_stat(const Session& session, const StatVerdict& row, const std::string& path, Findings& findings) {
  findings.expect(path + ".residual", row.residual, static_cast<std::int64_t>(row.counted + row.passes - row.statistic),
                  "counted + passes - statistic is");
  check_why(path, row.verdict == Verdict::kAgrees, row.why, findings);
  if (row.name == stat_label(EL_STAT_EXITS)) return check_exits(row, path, findings);
  findings.expect(path + ".passes", row.passes, std::uint64_t{0}, "KVM's emulator is no part of it:");
  if (const std::string objection = objection_to_handled(session, row); !objection.empty())
    findings.refute(path + ".verdict", states(row.verdict) + objection);
}

/// The tracepoints are read twice, before and after the exits; the row has the second. They fire after the exit.
void check_balance(const Session& session, Findings& findings) {
  const HypercallBalance& row = session.third->hypercalls;
  const std::string path = "third_witness.hypercalls";
  findings.expect(path + ".residual", row.residual,
                  static_cast<std::int64_t>(row.exits - (row.kvm + row.hyperv + row.xen + row.reflected)),
                  "exits less the tracepoints' counts are");
  check_why(path, row.verdict == Verdict::kAgrees, row.why, findings);
  const auto refute = [&](const std::string& what) { findings.refute(path + ".verdict", states(row.verdict) + what); };
  if (row.verdict == Verdict::kAgrees && row.residual > 0) refute(fmt::format(" with a residual of {}", row.residual));
  if (row.verdict == Verdict::kAgrees && row.residual < 0)
    findings.untold(fmt::format("{}.verdict: {} with a residual of {}", path, states(row.verdict), row.residual));
  if (row.verdict == Verdict::kDisagrees && row.residual == 0) refute(", and the sides are equal");
  if (row.verdict != Verdict::kCannotTell) return;
  if (row.hyperv == 0) refute(", and no guest used Hyper-V's hypercalls");
  if (row.residual <= std::int64_t{session.third->living_vcpus}) refute(", and each that is missing can be on its way");
}

/// Each statistic is one that is judged, and there once.
void check_names(const ThirdWitness& third, Findings& findings) {
  std::set<std::string_view> left;
  for (unsigned i = 0; i < EL_STAT_JUDGED; ++i) left.insert(stat_label(static_cast<el_stat>(i)));
  for (std::size_t i = 0; i < third.stats.size(); ++i)
    if (left.erase(third.stats[i].name) == 0)
      findings.refute(
          fmt::format("third_witness.kvm_stats[{}].name", i),
          fmt::format("states \"{}\", which is none that is judged, or stands there twice", third.stats[i].name));
}

}  // namespace

bool still_since_last_look(const Session& session) {
  const StatVerdict* const exits = stat_of(session, EL_STAT_EXITS);
  return exits != nullptr && session.third->living_vcpus == 0 && session.third->unread_vcpus == 0 &&
         all_in_slots(session.losses) && exits->counted == session.ebpf.all();
}

void check_third_witness(const Session& session, Findings& findings) {
  if (!session.third) return;
  for (std::size_t i = 0; i < session.third->stats.size(); ++i)
    check_stat(session, session.third->stats[i], fmt::format("third_witness.kvm_stats[{}]", i), findings);
  check_names(*session.third, findings);
  check_balance(session, findings);
  if (!still_since_last_look(session)) return;
  for (unsigned i = 0; i < EL_STAT_JUDGED; ++i) {
    const auto stat = static_cast<el_stat>(i);
    const Reason reason = stat_reason(session.vendor, stat);
    if (const StatVerdict* const row = stat_of(session, stat))
      findings.expect(fmt::format("third_witness.kvm_stats: {}", row->name), row->counted, book_of(session, reason),
                      "no exit came since, and `book` has");
  }
}

void check_hypercalls(const Session& session, Findings& findings) {
  const Hypercalls& calls = session.hypercalls;
  if (calls.reflected < calls.reflected_hypercall)
    findings.refute("hypercalls.reflected",
                    fmt::format("states {}, {} of them hypercalls", calls.reflected, calls.reflected_hypercall));
  if (!session.third || session.third->hypercalls.verdict != Verdict::kAgrees) return;
  const HypercallBalance& balance = session.third->hypercalls;
  const std::uint64_t exits = book_of(session, stat_reason(session.vendor, EL_STAT_HYPERCALLS));
  if (at_rest(session)) {
    const std::uint64_t told = calls.kvm() + calls.hyperv + calls.xen + calls.reflected_hypercall;
    // Hyper-V's calls that end in #UD have no tracepoint.
    if (calls.hyperv == 0 || told > exits)
      findings.expect("hypercalls", told, exits, "added up, and such exits in `book` are");
  }
  if (balance.residual != 0 || balance.exits != exits) return;
  const std::string_view from = "no hypercall came since third_witness had";
  findings.expect("hypercalls.kvm", calls.kvm(), balance.kvm, from);
  findings.expect("hypercalls.kvm_hv", calls.hyperv, balance.hyperv, from);
  findings.expect("hypercalls.kvm_xen", calls.xen, balance.xen, from);
  findings.expect("hypercalls.reflected_hypercall", calls.reflected_hypercall, balance.reflected, from);
}

}  // namespace exitledger
