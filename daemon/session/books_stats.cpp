// SPDX-License-Identifier: MIT
// The books' look at the third witness, around each reading of the leaf.
#include <fmt/format.h>

#include "session/books.h"

namespace exitledger {

std::optional<RunningSession::StatsLook> Books::look_at_stats() {
  auto sums = ebpf_->kvm_stats(running_->load());
  if (!sums) {
    if (no_stats_because_ != sums.error().message())
      say(LogLevel::kWarn, "KVM's own statistics: " + (no_stats_because_ = sums.error().message()));
    return std::nullopt;
  }
  no_stats_because_.clear();
  const ProbeSample sample = ebpf_->sample();
  return RunningSession::StatsLook{*sums, sample.hypercalls, sample.counts};
}

std::optional<bool> Books::third_witness_up() const {
  if (!running_) return std::nullopt;
  if (running_->session().third) return true;
  return no_stats_because_.empty() ? std::nullopt : std::optional{false};
}

void Books::judge_stats(const std::optional<RunningSession::StatsLook>& before, std::optional<std::uint64_t> passes) {
  const auto after = before ? look_at_stats() : std::nullopt;
  if (!after) return running_->no_third_witness();
  running_->mmu(after->sums);
  running_->third_witness(*before, passes, *after);
  const ThirdWitness& third = *running_->session().third;
  const Verdict verdict = third.verdict();
  ++stats_by_verdict_[verdict];
  if (verdict == Verdict::kDisagrees && !said_stats_disagree_)
    say(LogLevel::kError, "KVM's own statistics disagree: " + third.why());
  said_stats_disagree_ = verdict == Verdict::kDisagrees;
}

}  // namespace exitledger
