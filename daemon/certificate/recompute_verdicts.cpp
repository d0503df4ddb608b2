// SPDX-License-Identifier: MIT
// Verdicts and laws of a document, judged again from its rounds.
#include <algorithm>
#include <set>

#include "certificate/recompute_parts.h"
#include "crosscheck/crosscheck.h"
#include "crosscheck/laws.h"

namespace exitledger {
namespace {

Reading reading_of(const Session& session, const std::vector<Round>& rounds) {
  Reading reading;
  reading.epoch = session.epoch;
  reading.vendor = session.vendor;
  reading.paging = session.paging;
  reading.rounds = rounds;
  return reading;
}

/// The cross-check of the session's first instant and of its newest, as if nothing had been read in between.
CrossCheck replayed(const Session& session) {
  std::vector<Base> bases;
  for (const Round& start : session.start)
    if (session.began_at_load && start.leaf == 0) bases.push_back({start.cpu, start.reason, start.ebpf_before});
  CrossCheck check(session.vendor, bases);
  const std::uint64_t losses = session.losses.of_host_book();
  // Without a known start the first reading is it, and proves nothing yet.
  if (!session.began_at_load && session.rounds > 1) check.accept(reading_of(session, session.start), losses);
  if (session.rounds > 0) check.accept(reading_of(session, session.raw), losses);
  return check;
}

std::string quoted(Verdict verdict) { return fmt::format("\"{}\"", to_string(verdict)); }

std::string with_why(Verdict verdict, const std::string& why) {
  return quoted(verdict) + (why.empty() ? "" : ": " + why);
}

/// Whether the residual follows from start and newest round alone: no CPU is missing, and every round is one point.
bool has_residual(const Session& session, Reason reason) {
  std::set<std::uint32_t> cpus;
  for (const Round& round : session.raw) {
    if (round.reason != reason) continue;
    if (round.window != 0 || round.ebpf_before != round.ebpf_after) return false;
    cpus.insert(round.cpu);
  }
  return std::all_of(session.start.begin(), session.start.end(),
                     [&](const Round& start) { return start.reason != reason || cpus.contains(start.cpu); });
}

/// What forbids to trust a session (a calibration that disagrees, a layout that is not known) forbids to tell anything
/// of it, a disagreement too; then session and rows have the same words.
bool session_is_untold(const Session& session) {
  return session.verdict == Verdict::kCannotTell &&
         std::all_of(session.reasons.begin(), session.reasons.end(), [&](const ReasonVerdict& row) {
           return row.verdict == Verdict::kCannotTell && row.why == session.why;
         });
}

void check_row(const Session& session, const std::string& path, const ReasonVerdict& stated, const ReasonVerdict* found,
               Findings& findings) {
  check_why(path, stated.verdict == Verdict::kAgrees, stated.why, findings);
  if (found == nullptr) return;
  if (stated.verdict < found->verdict && !session_is_untold(session))
    findings.refute(path + ".verdict", fmt::format("states {}, the rounds give {}", quoted(stated.verdict),
                                                   with_why(found->verdict, found->why)));
  if (has_residual(session, stated.reason))
    findings.expect(path + ".residual", stated.residual, found->residual, "the rounds give");
}

void check_rows(const Session& session, const CrossCheck& check, Findings& findings) {
  const std::vector<ReasonVerdict> found = check.reasons();
  const std::vector<std::string> paths = row_paths(session);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto same = std::find_if(found.begin(), found.end(),
                                   [&](const ReasonVerdict& row) { return row.reason == session.reasons[i].reason; });
    check_row(session, paths[i], session.reasons[i], same == found.end() ? nullptr : &*same, findings);
  }
}

/// What keeps a session from any verdict but "cannot tell" and "disagrees"; empty if the document shows nothing.
std::string obstacle_in(const Session& session) {
  if (session.rounds == 0 || session.raw.empty()) return "there is no reading";
  if (session.leaf != LeafState::kPresent) return fmt::format("the leaf is {}", to_string(session.leaf));
  if (const std::uint64_t lost = session.losses.of_host_book(); lost > 0)
    return fmt::format("{} events are missing from the eBPF book", lost);
  if (session.calibration && session.calibration->verdict == Verdict::kDisagrees) return "the calibration disagrees";
  return {};
}

Verdict worst_row(const Session& session) {
  Verdict all = Verdict::kAgrees;
  for (const ReasonVerdict& row : session.reasons) all = worst(all, row.verdict);
  return all;
}

void check_session_verdict(const Session& session, const CrossCheck& check, Findings& findings) {
  const Verdict stated = session.verdict;
  check_why("", stated == Verdict::kAgrees, session.why, findings);
  const Verdict rows = worst_row(session);
  const auto refute = [&](const std::string& what) {
    findings.refute("verdict", fmt::format("states {}, {}", quoted(stated), what));
  };
  // A disagreement stands; whatever forbids to tell anything, forbids it to the rows, too.
  if ((stated == Verdict::kDisagrees) != (rows == Verdict::kDisagrees))
    return refute(fmt::format("the worst of its rows {}", quoted(rows)));
  if (stated < rows) return refute(fmt::format("the worst of its rows {}", quoted(rows)));
  if (stated < check.verdict() && !session_is_untold(session))
    return refute("the rounds give " + with_why(check.verdict(), check.why()));
  const std::string obstacle = obstacle_in(session);
  if (stated < Verdict::kCannotTell && !obstacle.empty()) return refute(obstacle);
  if (stated == Verdict::kAgrees && session.last_exact_unix_ns == 0)
    return findings.refute("last_exact_unix_ns", "states 0 (never), and the verdict is \"agrees\"");
  if (stated != check.verdict() && obstacle.empty())
    findings.untold(
        fmt::format("verdict {}: the rounds alone give {}", with_why(stated, session.why), quoted(check.verdict())));
}

}  // namespace

void check_why(const std::string& path, bool best, const std::string& why, Findings& findings) {
  if (best == why.empty()) return;
  findings.refute(path.empty() ? "why" : path + ".why",
                  best ? fmt::format("states \"{}\", and the verdict needs none", why)
                       : "states nothing, and the verdict needs a reason");
}

void check_verdicts(const Session& session, Findings& findings) {
  const CrossCheck check = replayed(session);
  check_rows(session, check, findings);
  check_session_verdict(session, check, findings);
  if ((session.rounds == 0) != session.raw.empty())
    findings.refute("rounds", fmt::format("states {}, and the document holds {} rounds of the newest reading",
                                          session.rounds, session.raw.size()));
}

void check_labels(const Session& session, Findings& findings) {
  const bool vmx = session.vendor == Vendor::kVmx;
  const std::string name = vmx ? "kvm_intel.ept" : "kvm_amd.npt";
  if (const auto found = session.parameters.find(name); found != session.parameters.end()) {
    const bool on = found->second == "Y" || found->second == "1", off = found->second == "N" || found->second == "0";
    if (!on && !off) findings.refute("parameters." + name, fmt::format("states {}, neither Y nor N", found->second));
    const Paging nested = vmx ? Paging::kEpt : Paging::kNpt;
    findings.expect("paging", to_string(session.paging), to_string(on ? nested : Paging::kShadow), name + " gives");
  }
  // The question for a round is an exit by itself: the leaf stood at zero at a load alone.
  const auto all_at_zero = [&](bool zero) {
    return std::any_of(session.start.begin(), session.start.end(),
                       [zero](const Round& start) { return start.reason == kReasonAll && (start.leaf == 0) == zero; });
  };
  if (!session.began_at_load && all_at_zero(true))
    findings.refute("began_at_load", "states false, and the leaf stood at zero when the session began");
  if (session.began_at_load && all_at_zero(false) && !all_at_zero(true))
    findings.refute("began_at_load", "states true, and the leaf stood nowhere at zero when the session began");
  if (session.calibration)
    check_why("calibration", session.calibration->verdict == Verdict::kAgrees, session.calibration->why, findings);
}

void check_laws(const Session& session, Findings& findings) {
  const std::vector<BrokenLaw> found = broken_laws(session);
  const auto said = [&](const BrokenLaw& law) {
    return fmt::format("{} ({} {})", law.law, reason_label(session.vendor, law.reason), law.count);
  };
  for (std::size_t i = 0; i < std::max(found.size(), session.laws_broken.size()); ++i) {
    const std::string stated = i < session.laws_broken.size() ? said(session.laws_broken[i]) : "none";
    const std::string is = i < found.size() ? said(found[i]) : "none";
    findings.expect(fmt::format("laws_broken[{}]", i), stated, is, "the counts give");
  }
}

}  // namespace exitledger
