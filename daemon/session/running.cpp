// SPDX-License-Identifier: MIT
#include "session/running.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <chrono>

#include "crosscheck/laws.h"

namespace exitledger {
namespace {

std::int64_t unix_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string kernel_release() {
  utsname names{};
  return uname(&names) == 0 ? names.release : "unknown";
}

// The eBPF book of every CPU when the leaf stood at zero.
std::vector<Base> bases_of(Vendor vendor, const std::optional<Boundary>& boundary) {
  std::vector<Base> bases;
  if (!boundary) return bases;
  std::vector<Reason> reasons{kReasonAll, kReasonUnknown, kReasonBusLock, kReasonEnclave, kReasonFailedEntry};
  for (const ReasonInfo& info : defined_reasons(vendor)) reasons.push_back(info.number);
  for (std::uint32_t cpu = 0; cpu < boundary->by_cpu.size(); ++cpu)
    for (const Reason reason : reasons) bases.push_back({cpu, reason, count_of(boundary->by_cpu[cpu], vendor, reason)});
  return bases;
}

Counts counts_at(const std::optional<Boundary>& boundary, const ProbeSample& now) {
  if (!boundary) return now.counts;
  Counts sum;
  for (const Counts& cpu : boundary->by_cpu) sum += cpu;
  return sum;
}

Losses losses_since(const Losses& now, const Losses& base) {
  Losses delta = now;
  for (std::size_t i = 0; i < delta.cause.size(); ++i) delta.cause[i] -= base.cause[i];
  for (const auto& [program, misses] : base.recursion_misses)
    if (const auto found = delta.recursion_misses.find(program); found != delta.recursion_misses.end())
      found->second -= misses;
  return delta;
}

}  // namespace

RunningSession::RunningSession(Start start)
    : unproven_(std::move(start.unproven)),
      base_(counts_at(start.boundary, start.now)),
      base_losses_(std::move(start.losses_before)),
      base_durations_(start.now.durations),
      check_(start.vendor, bases_of(start.vendor, start.boundary)) {
  session_.id = std::move(start.id);
  session_.vendor = start.vendor;
  session_.paging = start.paging;
  session_.kernel = kernel_release();
  session_.began_at_load = start.boundary.has_value();
  session_.parameters = std::move(start.parameters);
  session_.started_unix_ns = unix_now_ns();
  if (start.boundary && start.now.time_ns > start.boundary->time_ns)
    session_.started_unix_ns -= static_cast<std::int64_t>(start.now.time_ns - start.boundary->time_ns);
  // "No reading yet" and "nothing moved" must not look alike.
  all_at_reading_ = ~start.now.counts.all();
  update(start.now);
}

void RunningSession::update(const ProbeSample& sample) {
  session_.ebpf = sample.counts.since(base_);
  session_.losses = losses_since(sample.losses, base_losses_);
  judge();
}

Verdict RunningSession::accept(const Reading& reading, const ProbeSample& after) {
  session_.leaf = LeafState::kPresent;
  session_.leaf_detail.clear();
  if (session_.epoch == 0) session_.epoch = reading.epoch;
  all_at_reading_ = after.counts.all();
  session_.losses = losses_since(after.losses, base_losses_);
  check_.accept(reading, session_.losses.of_host_book());
  session_.rounds = check_.readings();
  session_.reasons = check_.reasons();
  session_.raw = check_.raw();
  update(after);
  if (session_.verdict == Verdict::kAgrees) session_.last_exact_unix_ns = unix_now_ns();
  return session_.verdict;
}

void RunningSession::leaf_is(LeafState state, const std::string& detail) {
  session_.leaf = state;
  session_.leaf_detail = detail;
  judge();
}

Session RunningSession::finish(const Counts& counts) {
  session_.ebpf = counts.since(base_);
  session_.ended_unix_ns = unix_now_ns();
  judge();
  return session_;
}

std::map<Reason, DurationHistogram> RunningSession::durations(const ProbeSample& sample) const {
  std::map<Reason, DurationHistogram> result = sample.durations;
  for (auto& [reason, histogram] : result) {
    const auto base = base_durations_.find(reason);
    if (base == base_durations_.end()) continue;
    histogram.sum_ns -= base->second.sum_ns;
    for (std::size_t i = 0; i < histogram.bucket.size(); ++i) histogram.bucket[i] -= base->second.bucket[i];
  }
  return result;
}

// The session's verdict is the cross-check's, unless something outside the counts forbids to trust them.
void RunningSession::judge() {
  const std::uint64_t lost = session_.losses.of_host_book();
  session_.laws_broken = broken_laws(session_);
  if (session_.rounds > 0 && check_.verdict() == Verdict::kDisagrees) {
    session_.verdict = Verdict::kDisagrees;
    session_.why = check_.why();
  } else if (!unproven_.empty()) {
    session_.verdict = Verdict::kCannotTell;
    session_.why = unproven_;
  } else if (lost > 0) {
    session_.verdict = Verdict::kCannotTell;
    session_.why = fmt::format("{} events are missing from the eBPF book", lost);
  } else if (session_.rounds == 0) {
    session_.verdict = Verdict::kCannotTell;
    session_.why = session_.leaf == LeafState::kPresent
                       ? "the leaf was not read yet"
                       : fmt::format("leaf {}: {}", to_string(session_.leaf), session_.leaf_detail);
  } else {
    session_.verdict = check_.verdict();
    session_.why = check_.why();
    return;
  }
  // What forbids to trust the session forbids to trust its rows.
  if (session_.verdict != Verdict::kCannotTell) return;
  for (ReasonVerdict& row : session_.reasons) {
    if (row.verdict != Verdict::kAgrees) continue;
    row.verdict = Verdict::kCannotTell;
    row.why = session_.why;
  }
}

}  // namespace exitledger
