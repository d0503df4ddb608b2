// SPDX-License-Identifier: MIT
#include "session/running.h"

#include <cpuid.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <set>
#include <utility>

#include "base/clock.h"
#include "crosscheck/laws.h"
#include "crosscheck/third_witness.h"

namespace exitledger {
namespace {

std::string kernel_release() {
  utsname names{};
  return uname(&names) == 0 ? names.release : "unknown";
}

// As /proc/cpuinfo has it ("model name"), which a sandbox may not show: CPUID 0x80000002 to 0x80000004.
std::string processor_name() {
  std::array<std::uint32_t, 12> words{};
  for (std::uint32_t i = 0; i < 3; ++i) {
    std::uint32_t* answer = std::next(words.data(), std::ptrdiff_t{4} * i);
    if (__get_cpuid(0x8000'0002 + i, answer, answer + 1, answer + 2, answer + 3) == 0) return {};
  }
  std::array<char, sizeof words> text{};
  std::memcpy(text.data(), words.data(), sizeof words);
  const std::string name(text.data(), strnlen(text.data(), text.size()));
  const auto first = name.find_first_not_of(' ');
  return first == std::string::npos ? "" : name.substr(first, name.find_last_not_of(' ') - first + 1);
}

// The eBPF book of every CPU when the leaf stood at zero.
std::vector<Base> bases_of(Vendor vendor, const std::optional<Boundary>& boundary) {
  std::vector<Base> bases;
  if (!boundary) return bases;
  std::vector<Reason> reasons(kCountedPseudo.begin(), kCountedPseudo.end());
  for (const ReasonInfo& info : defined_reasons(vendor)) reasons.push_back(info.number);
  for (std::uint32_t cpu = 0; cpu < boundary->by_cpu.size(); ++cpu)
    for (const Reason reason : reasons) bases.push_back({cpu, reason, count_of(boundary->by_cpu[cpu], vendor, reason)});
  return bases;
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
      base_by_cpu_(start.boundary ? start.boundary->by_cpu : std::move(start.by_cpu)),
      base_(sum_of(base_by_cpu_)),
      base_hypercalls_(start.boundary ? start.boundary->hypercalls : start.now.hypercalls),
      stats_(start.stats ? *start.stats
                         : StatsZero{.counts = base_,
                                     .hypercalls = base_hypercalls_,
                                     .slotless = start.boundary ? start.boundary->slotless : start.slotless,
                                     .load = start.boundary ? start.boundary->serial : 0,
                                     .passes = start.boundary ? std::optional{std::uint64_t{0}} : std::nullopt}),
      mmu_(start.boundary ? std::optional{MmuSums{}} : start.mmu),
      saw_all_births_(!start.older_vcpus),
      base_losses_(std::move(start.losses_before)),
      base_durations_(start.now.durations),
      // No VM is older than its module's load.
      vms_(start.boundary ? std::vector<VmSample>{} : start.now.vms),
      own_(std::move(start.own)),
      base_own_(start.own_before),
      check_(start.vendor, bases_of(start.vendor, start.boundary)),
      time_(start.vendor, start.older_vcpus) {
  session_.id = std::move(start.id);
  session_.vendor = start.vendor;
  session_.paging = start.paging;
  session_.kernel = kernel_release();
  session_.cpu = processor_name();
  if (start.keeps_time) session_.times_out.emplace();
  session_.began_at_load = start.boundary.has_value();
  session_.parameters = std::move(start.parameters);
  session_.calibration = std::move(start.calibration);
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
  take_facts(sample);
  judge();
}

void RunningSession::take_facts(const ProbeSample& sample) {
  session_.own_exits = own_exits().all();
  session_.hypercalls = sample.hypercalls.since(base_hypercalls_);
  vms_.look(sample.vms);
  session_.vms = vms_.list();
  session_.vms_left_out = vms_.left_out();
  if (!session_.times_out) return;
  session_.times_out->clear();
  for (const auto& [reason, histogram] : durations(sample)) {
    const auto exits = std::accumulate(histogram.bucket.begin(), histogram.bucket.end(), std::uint64_t{0});
    if (exits == 0) continue;
    TimeOut& time = session_.times_out->emplace(reason, TimeOut{exits, histogram.sum_ns}).first->second;
    if (sample.splits_time && session_.losses.of_split() == 0) time.away = {histogram.user_ns, histogram.off_ns};
  }
}

Verdict RunningSession::accept(const Reading& reading, const std::vector<Counts>& before, const ProbeSample& after) {
  session_.leaf = LeafState::kPresent;
  session_.leaf_detail.clear();
  if (session_.epoch == 0) session_.epoch = reading.epoch;
  if (reading.paging != session_.paging)
    cannot_trust(fmt::format("the leaf says {} paging, the module's parameter {}", to_string(reading.paging),
                             to_string(session_.paging)));
  all_at_reading_ = after.counts.all();
  read_ns_ = after.time_ns;
  session_.losses = losses_since(after.losses, base_losses_);
  check_.accept(reading, session_.losses.of_host_book());
  time_.accept(reading.time, session_.losses.of_durations());
  session_.time = time_.result();
  not_asked_ = not_asked_for(reading, before);
  session_.rounds = check_.readings();
  session_.reasons = check_.reasons();
  session_.raw = check_.raw();
  session_.questions = reading.questions;
  session_.start = check_.start();
  update(after);
  if (session_.verdict == Verdict::kAgrees) session_.last_exact_unix_ns = unix_now_ns();
  return session_.verdict;
}

// At rest every pass that KVM counted of vCPUs born since is known: what the leaf has beyond those is older.
void RunningSession::learn_base_passes(const StatSums& sums, std::uint64_t passes) {
  if (!saw_all_births_ || sums.living_vcpus > 0 || sums.unread_vcpus > 0) return;
  const StatSum& dead = sums.dead[EL_STAT_EXITS];
  const std::uint64_t ours = dead.statistic + sums.slotless - dead.counted;
  if (ours <= passes) stats_.passes = passes - ours;
}

bool RunningSession::all_in_slots() const {
  return session_.losses.cause[EL_LOSS_NO_SLOT] + session_.losses.cause[EL_LOSS_SLOT_MAP] == 0;
}

void RunningSession::third_witness(const StatsLook& before, std::optional<std::uint64_t> passes,
                                   const StatsLook& after) {
  const Reason hypercall = stat_reason(session_.vendor, EL_STAT_HYPERCALLS);
  const auto exits = [&](const StatsLook& look) {
    return count_of(look.counts.since(stats_.counts), session_.vendor, hypercall);
  };
  StatsEvidence evidence;
  evidence.vendor = session_.vendor;
  evidence.before = before.sums;
  evidence.after = after.sums;
  evidence.before.slotless -= stats_.slotless;
  evidence.after.slotless -= stats_.slotless;
  if (passes && !stats_.passes) learn_base_passes(evidence.before, *passes);
  evidence.passes = passes;
  if (passes && stats_.passes) *evidence.passes -= *stats_.passes;
  evidence.passes_from_start = stats_.passes.has_value();
  evidence.all_in_slots = stats_.all_in_slots && all_in_slots();
  evidence.hypercalls_before = before.hypercalls.since(stats_.hypercalls);
  evidence.hypercalls_after = after.hypercalls.since(stats_.hypercalls);
  evidence.hypercall_exits_before = exits(before);
  evidence.hypercall_exits_after = exits(after);
  evidence.began_at_load = stats_.load != 0;
  session_.third = judge_third_witness(evidence);
}

void RunningSession::mmu(const StatSums& sums) {
  mmu_.look(sums, stats_.all_in_slots && all_in_slots());
  session_.mmu = mmu_.stats();
}

namespace {
auto is_of(Reason reason) {
  return [reason](const Round& round) { return round.reason == reason; };
}
}  // namespace

std::string RunningSession::not_asked_for(const Reading& reading, const std::vector<Counts>& before) const {
  std::set<std::pair<std::uint32_t, Reason>> asked;
  for (const Round& round : reading.rounds) asked.emplace(round.cpu, round.reason);
  for (std::uint32_t cpu = 0; cpu < std::min(before.size(), base_by_cpu_.size()); ++cpu) {
    for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
      if (before[cpu].at[index] == base_by_cpu_[cpu].at[index]) continue;
      const auto counted = reason_at(session_.vendor, index);
      if (!counted) continue;  // EL_INDEX_UNREAD: counted as a loss
      // A module of before has no such counter.
      if (is_nested(*counted) && std::ranges::none_of(reading.rounds, is_of(*counted))) continue;
      const bool named = is_pseudo(*counted) || is_defined(session_.vendor, *counted);
      if (asked.contains({cpu, named ? *counted : kReasonUnknown})) continue;
      return fmt::format("CPU {} counted {}, and the leaf was not asked for that there", cpu,
                         reason_label(session_.vendor, *counted));
    }
  }
  return {};
}

void RunningSession::leaf_is(LeafState state, const std::string& detail) {
  session_.leaf = state;
  session_.leaf_detail = detail;
  judge();
}

void RunningSession::calibrated(const Calibration& calibration) {
  session_.calibration = {calibration.verdict, calibration.why};
  if (calibration.verdict != Verdict::kAgrees) cannot_trust("the calibration failed: " + calibration.why);
}

void RunningSession::not_calibrated(const std::string& why) { session_.calibration = {Verdict::kCannotTell, why}; }

void RunningSession::cannot_trust(const std::string& why) {
  if (unproven_.empty()) unproven_ = why;
  judge();
}

RunningSession::Start RunningSession::next(std::string id, std::vector<Counts> by_cpu, ProbeSample now) const {
  Start start;
  start.id = std::move(id);
  start.vendor = session_.vendor;
  start.paging = session_.paging;
  start.by_cpu = std::move(by_cpu);
  start.losses_before = now.losses;
  start.now = std::move(now);
  start.parameters = session_.parameters;
  start.older_vcpus = !saw_all_births_;
  start.keeps_time = session_.times_out.has_value();
  start.unproven = unproven_;
  start.mmu = mmu_.newest();
  start.own = own_;
  start.own_before = own_.sum();
  start.stats = stats_;
  start.stats->all_in_slots = stats_.all_in_slots && all_in_slots();
  start.calibration = session_.calibration;
  return start;
}

void RunningSession::record(RecordedRun run, std::string name) {
  session_.run = std::move(run);
  session_.name = std::move(name);
}

Session RunningSession::finish(const Counts& counts, const Counts& own) {
  session_.ebpf = counts.since(base_);
  session_.own_exits = own.since(base_own_).all();
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
    histogram.user_ns -= base->second.user_ns;
    histogram.off_ns -= base->second.off_ns;
    for (std::size_t i = 0; i < histogram.bucket.size(); ++i) histogram.bucket[i] -= base->second.bucket[i];
  }
  return result;
}

// What keeps the session from the cross-check's verdict; empty if nothing does. A disagreement stands, but not where
// the counts themselves are in doubt.
std::string RunningSession::obstacle() const {
  if (!unproven_.empty()) return unproven_;
  if (session_.rounds > 0 && check_.verdict() == Verdict::kDisagrees) return {};
  if (const std::uint64_t lost = session_.losses.of_host_book(); lost > 0)
    return fmt::format("{} events are missing from the eBPF book", lost);
  if (session_.leaf == LeafState::kAbsent && session_.leaf_detail.empty()) return "the leaf was not read";
  if (session_.leaf != LeafState::kPresent)
    return fmt::format("leaf {}: {}", to_string(session_.leaf), session_.leaf_detail);
  if (session_.rounds == 0) return session_.epoch == 0 ? "the leaf was not read yet" : check_.why();
  if (own_.lost()) return "exits of the reader's own could not be told from guests'";
  return not_asked_;
}

void RunningSession::judge() {
  // An exit whose reason is in doubt has its time under a reason in doubt.
  if (!unproven_.empty()) session_.time.cannot_tell(unproven_);
  // Also what was lost since the reading: the document states both.
  const std::uint64_t lost = session_.losses.of_durations();
  if (lost > 0 && session_.time.verdict != TimeVerdict::kCannotTell) session_.time.cannot_tell(missing_intervals(lost));
  session_.laws_broken = broken_laws(session_);
  const std::string obstacle = this->obstacle();
  if (obstacle.empty()) {
    session_.verdict = check_.verdict();
    session_.why = check_.why();
    return;
  }
  // What forbids to trust the session forbids to trust its rows.
  session_.verdict = Verdict::kCannotTell;
  session_.why = obstacle;
  for (ReasonVerdict& row : session_.reasons) {
    if (row.verdict == Verdict::kDisagrees && unproven_.empty()) continue;
    row.verdict = Verdict::kCannotTell;
    row.why = obstacle;
  }
}

}  // namespace exitledger
