// SPDX-License-Identifier: MIT
#include "calibration/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "model/leaf_abi.h"

namespace exitledger {
namespace {

Reason reason_of(const LeafAnswer& answer) { return static_cast<Reason>(answer.query.ecx & 0xFFFF); }

/// The exit with which the guest says that it is done.
Reason done_reason(const CalibrationTarget& target, const CalibrationRow& row) {
  const bool vmx = target.vendor == Vendor::kVmx;
  if (row.done == Done::kHalt) return vmx ? vmx::kHlt : svm::kHlt;
  return vmx ? vmx::kIo : svm::kIo;
}

class RowJudge {
 public:
  RowJudge(const CalibrationTarget& target, const CalibrationRow& row, const RowBooks& books)
      : target_(target), row_(row), books_(books) {
    result_.name = row.name;
    result_.meaning = row.why;
    result_.turns = books.run.turns;
  }

  CalibratedRow judge() {
    if (has_book() && take_answers()) {
      for (const Reason reason : reasons()) judge_reason(reason);
      judge_stats();
    }
    return std::move(result_);
  }

 private:
  void decide(Verdict verdict, const std::string& why) {
    if (worst(result_.verdict, verdict) == result_.verdict) return;
    result_.verdict = verdict;
    result_.why = why;
  }

  // A guest that ran to its end exited. Where it was asked, its answers tell whether it had a slot.
  bool has_book() {
    if (!books_.run.answers.empty() || books_.ebpf.all() > 0) return true;
    decide(Verdict::kCannotTell, "the guest's vCPU has no book: see exitledger_slots_limit");
    return false;
  }

  // The leaf's count per reason, each of which must be the eBPF count of the same instant.
  bool take_answers() {
    const auto& answers = books_.run.answers;
    if (answers.size() != books_.traced.size()) {
      decide(Verdict::kCannotTell,
             fmt::format("{} answers were given, kvm:kvm_cpuid carried {}", answers.size(), books_.traced.size()));
      return false;
    }
    for (std::size_t i = 0; i < answers.size(); ++i)
      if (!take_answer(answers[i], books_.traced[i], i)) return false;
    return true;
  }

  bool take_answer(const LeafAnswer& answer, const el_answer& traced, std::size_t before) {
    const Reason reason = reason_of(answer);
    if (leaf::refused(answer.registers)) {
      decide(Verdict::kCannotTell, "the leaf refused " + reason_label(target_.vendor, reason));
      return false;
    }
    if (traced.slot == EL_NO_SLOT || traced.index != answer.query.ecx) {
      decide(Verdict::kCannotTell, "an answer could not be tied to the guest's vCPU: see exitledger_slots_limit");
      return false;
    }
    std::uint64_t count = leaf::exits_in(answer.registers);
    if (in_both_books(reason) && reason != kReasonUnknown && count != traced.vcpu_count)
      decide(Verdict::kDisagrees, fmt::format("{}: leaf {}, eBPF {} at the same instant",
                                              reason_label(target_.vendor, reason), count, traced.vcpu_count));
    if (reason == cpuid_reason(target_.vendor)) count -= std::min<std::uint64_t>(count, before + 1);
    leaf_[reason] = count;
    return true;
  }

  [[nodiscard]] std::optional<Expectation> expectation(Reason reason) const {
    const auto found = std::ranges::find(row_.expected, reason, &Expectation::reason);
    return found == row_.expected.end() ? std::nullopt : std::optional{*found};
  }

  // Net of the questions and of the end.
  [[nodiscard]] std::uint64_t ebpf(Reason reason) const {
    std::uint64_t framing = reason == done_reason(target_, row_) ? 1 : 0;
    if (reason == cpuid_reason(target_.vendor)) framing += books_.run.answers.size();
    const std::uint64_t count = count_of(books_.ebpf, target_.vendor, reason);
    return count - std::min(count, framing);
  }

  // Expected ones and counted ones.
  [[nodiscard]] std::set<Reason> reasons() const {
    std::set<Reason> all;
    for (const Expectation& expected : row_.expected) all.insert(expected.reason);
    for (const auto& [reason, count] : leaf_)
      if (count > 0 && !is_pseudo(reason)) all.insert(reason);
    for (unsigned index = 0; index < EL_INDEX_COUNT; ++index)
      if (const auto reason = reason_at(target_.vendor, index); reason && is_summand(*reason) && ebpf(*reason) > 0)
        all.insert(*reason);
    return all;
  }

  void judge_reason(Reason reason) {
    CalibratedReason result;
    result.reason = reason;
    result.ebpf = ebpf(reason);
    if (const auto found = leaf_.find(reason); found != leaf_.end()) result.leaf = found->second;
    const auto expected = expectation(reason);
    const bool by_itself = !expected && comes_by_itself(target_, reason);
    if (!by_itself && (!expected || expected->certainty == Certainty::kExact))
      result.expected = expected ? std::uint64_t{expected->per_turn} * books_.run.turns : 0;
    if (result.expected && (result.ebpf != *result.expected || (result.leaf && *result.leaf != *result.expected))) {
      result.verdict = Verdict::kDisagrees;
      result.why = fmt::format("{} expected, eBPF {}, leaf {}", *result.expected, result.ebpf,
                               result.leaf ? std::to_string(*result.leaf) : "absent");
    } else if (result.leaf && *result.leaf > result.ebpf) {
      // The eBPF book goes on until the guest's end.
      result.verdict = Verdict::kDisagrees;
      result.why = fmt::format("leaf {}, eBPF only {}", *result.leaf, result.ebpf);
    }
    decide(result.verdict, fmt::format("{}: {}", reason_label(target_.vendor, reason), result.why));
    result_.reasons.push_back(std::move(result));
  }

  // Exits by the algebra of docs/exactness.md: hardware exits and the passes that are none.
  void judge_stats() {
    if (!books_.run.stats) return;
    if (row_.emulated && books_.run.answers.empty())
      result_.meaning += "; in KVM's statistic exits they are as well, how many only the leaf knows: not compared";
    else
      add_stat("exits", books_.ebpf.all() + passes(kReasonEmulation) + passes(kReasonVmFail));
    for (const StatExpectation& expected : row_.stats) {
      const bool end = expected.name == (row_.done == Done::kHalt ? "halt_exits" : "io_exits");
      add_stat(expected.name, std::uint64_t{expected.per_turn} * books_.run.turns + (end ? 1 : 0));
    }
  }
  [[nodiscard]] std::uint64_t passes(Reason reason) const {
    const auto found = leaf_.find(reason);
    return found == leaf_.end() ? 0 : found->second;
  }
  void add_stat(std::string_view name, std::uint64_t expected) {
    const auto found = books_.run.stats->find(std::string{name});
    if (found == books_.run.stats->end()) return;
    CalibratedStat stat{std::string{name}, expected, found->second};
    if (!stat.right())
      decide(Verdict::kDisagrees,
             fmt::format("KVM's statistic {} is {}, {} expected", stat.name, stat.value, stat.expected));
    result_.stats.push_back(std::move(stat));
  }

  const CalibrationTarget& target_;
  const CalibrationRow& row_;
  const RowBooks& books_;
  std::map<Reason, std::uint64_t> leaf_;
  CalibratedRow result_;
};

}  // namespace

std::vector<LeafQuery> questions_about(Vendor vendor, std::span<const Reason> reasons) {
  const auto ask = [](Reason reason) { return LeafQuery{leaf::kExits, leaf::ecx_of(leaf::Scope::kVcpu, reason)}; };
  std::vector<LeafQuery> questions{ask(cpuid_reason(vendor))};
  for (const Reason reason : reasons)
    if (reason != cpuid_reason(vendor) && reason != kReasonBackwards) questions.push_back(ask(reason));
  return questions;
}

CalibratedRow judge_row(const CalibrationTarget& target, const CalibrationRow& row, const RowBooks& books) {
  return RowJudge(target, row, books).judge();
}

}  // namespace exitledger
