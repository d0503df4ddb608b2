// SPDX-License-Identifier: MIT
#include "certificate/recorded_session.h"

namespace exitledger {
namespace {

constexpr std::uint32_t kNoCpu = ~0U;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kNsPerExit = 1'500, kCyclesPerExit = 6'271;  // 2.9 GHz and a gap that the bound explains

Reason hypercall_of(Vendor vendor) { return stat_reason(vendor, EL_STAT_HYPERCALLS); }

std::vector<Reason> questions_of(Vendor vendor) {
  std::vector<Reason> reasons;
  for (const ReasonInfo& info : defined_reasons(vendor)) reasons.push_back(info.number);
  for (const Reason pseudo : kCountedPseudo) reasons.push_back(pseudo);
  return reasons;
}

}  // namespace

std::vector<Reason> usual_reasons(Vendor vendor, Paging paging) {
  const bool shadow = paging == Paging::kShadow;
  if (vendor == Vendor::kSvm) {
    std::vector<Reason> reasons{svm::kInterrupt, svm::kVintr, svm::kCpuid, svm::kHlt, svm::kIo, svm::kVmmcall};
    for (const Reason each : shadow ? std::vector<Reason>{svm::kReadCr3, svm::kWriteCr3, svm::kPageFault, svm::kInvlpg}
                                    : std::vector<Reason>{svm::kNpf})
      reasons.push_back(each);
    return reasons;
  }
  std::vector<Reason> reasons{vmx::kExternalInterrupt,
                              vmx::kInterruptWindow,
                              vmx::kCpuid,
                              vmx::kHlt,
                              vmx::kVmcall,
                              vmx::kCrAccess,
                              vmx::kIo,
                              vmx::kMsrRead};
  for (const Reason each :
       shadow ? std::vector<Reason>{vmx::kException, vmx::kInvlpg} : std::vector<Reason>{vmx::kEptViolation})
    reasons.push_back(each);
  return reasons;
}

RecordedHost::RecordedHost(const What& what) : what_(what), random_(what.seed), book_(what.cpus) {
  guests_run(usual_reasons(what.vendor, what.paging));  // of the time before
  if (what.at_load) leaf_.clear();
  RunningSession::Start start;
  start.id = std::to_string(what.seed);
  start.vendor = what.vendor;
  start.paging = what.paging;
  start.now = sample();
  start.by_cpu = book_;
  if (what.at_load) {
    start.boundary = Boundary{};
    start.boundary->serial = 1;
    start.boundary->vendor = what.vendor;
    start.boundary->by_cpu = book_;
    start.boundary->hypercalls = hypercalls_;
  }
  start.parameters = {
      {"kvm.halt_poll_ns", "200000"},
      {what.vendor == Vendor::kVmx ? "kvm_intel.ept" : "kvm_amd.npt", what.paging == Paging::kShadow ? "N" : "Y"}};
  base_ = start.now.counts;
  session_.emplace(std::move(start));
  Calibration calibration;
  calibration.verdict = Verdict::kAgrees;
  session_->calibrated(calibration);
}

void RecordedHost::exits(std::uint32_t cpu, Reason reason, std::uint64_t count) {
  book_[cpu].at.at(index_of(what_.vendor, reason)) += count;
  leaf_[{cpu, reason}] += count;
  if (!is_summand(reason)) return;  // a flag: the exit is counted under its reason
  book_[cpu].at[EL_INDEX_ALL] += count;
  leaf_[{cpu, kReasonAll}] += count;
  TimeRound& time = times_[{cpu, reason}];
  time.leaf_cycles += count * kCyclesPerExit;
  time.ebpf_ns += count * kNsPerExit;
  time.intervals += count;
  if (reason != hypercall_of(what_.vendor)) return;
  for (std::uint64_t i = 0; i < count; ++i) {
    switch (i % 4) {
      case 0: ++hypercalls_.nr[5]; break;
      case 1: ++hypercalls_.nr[9]; break;
      case 2: ++hypercalls_.nr[EL_HYPERCALLS - 1]; break;
      default: ++hypercalls_.xen; break;
    }
  }
}

void RecordedHost::guests_run(const std::vector<Reason>& reasons) {
  std::uniform_int_distribution<std::uint64_t> count(100, 40'000);
  for (std::uint32_t cpu = 0; cpu < what_.cpus; ++cpu)
    for (const Reason reason : reasons) exits(cpu, reason, count(random_));
  if (what_.vendor == Vendor::kVmx) exits(0, kReasonBusLock, 3);
}

void RecordedHost::own_exit(std::uint32_t cpu) {
  const Reason cpuid = cpuid_reason(what_.vendor);
  exits(cpu, cpuid, 1);
  ++own_[{cpu, cpuid}];
  ++own_[{cpu, kReasonAll}];
  Counts one;
  one.at.at(index_of(what_.vendor, cpuid)) = one.at[EL_INDEX_ALL] = 1;
  session_->own().add(cpu, one);
}

ProbeSample RecordedHost::sample() const {
  ProbeSample sample;
  sample.time_ns = now_ns_;
  for (const Counts& cpu : book_) sample.counts += cpu;
  sample.hypercalls = hypercalls_;
  sample.losses = losses_;
  for (const char* program : {"death_fentry", "on_hv_hypercall", "on_kvm_cpuid", "on_kvm_entry", "on_kvm_exit_timed",
                              "on_kvm_hypercall", "on_module_free", "on_module_load", "on_nested_exit", "on_reflected",
                              "on_run_begin", "on_run_end", "on_sched_in", "on_sched_out", "on_xen_hypercall"})
    sample.losses.recursion_misses[program] = 0;
  return sample;
}

Reading RecordedHost::reading(std::uint32_t without) {
  now_ns_ += 2 * kSecond;
  Reading reading;
  reading.epoch = 0xE455'CA64'7C30'DA91;
  reading.vendor = what_.vendor;
  reading.paging = what_.paging;
  for (std::uint32_t cpu = 0; cpu < what_.cpus; ++cpu) {
    if (cpu == without) continue;
    reading.cpus.push_back(cpu);
    own_exit(cpu);  // question 0 asks for the epoch
    std::uint32_t question = 0;
    for (const Reason reason : questions_of(what_.vendor)) {
      own_exit(cpu);
      const std::uint64_t ebpf = count_of(book_[cpu], what_.vendor, reason);
      reading.rounds.push_back({cpu, reason, 0, ebpf, leaf_[{cpu, reason}], ebpf, own_[{cpu, reason}], ++question});
    }
    reading.questions = question + 1;
  }
  for (auto& [place, time] : times_) {
    time.cpu = place.cpu;
    time.reason = place.reason;
    if (place.cpu != without) reading.time.rounds.push_back(time);
  }
  reading.time.clocks = {now_ns_ / 10 * 29, now_ns_, 40};
  reading.time.own_ns = 17ULL * 1'234;
  reading.time.own_intervals = 17;
  return reading;
}

RunningSession::StatsLook RecordedHost::look() const {
  RunningSession::StatsLook look;
  const ProbeSample now = sample();
  look.counts = now.counts;
  look.hypercalls = now.hypercalls;
  const Counts since = now.counts.since(base_);
  for (unsigned i = 0; i < EL_STAT_JUDGED; ++i) {
    const auto stat = static_cast<el_stat>(i);
    look.sums.known.at(i) = true;
    StatSum& dead = look.sums.dead.at(i);
    dead.counted = dead.counted_before = dead.statistic =
        count_of(since, what_.vendor, stat_reason(what_.vendor, stat));
  }
  look.sums.dead[EL_STAT_EXITS].statistic += passes_;
  look.sums.dead_vcpus = 4;
  return look;
}

void RecordedHost::read() { read_without(kNoCpu); }

void RecordedHost::read_without(std::uint32_t cpu) {
  if (what_.at_load) passes_ += 2;
  const RunningSession::StatsLook before = look();
  newest_ = reading(cpu);
  after_ = sample();
  static_cast<void>(session_->accept(*newest_, book_, after_));
  session_->third_witness(before, passes_, look());
}

void RecordedHost::beside(Session& session) {
  const std::uint64_t all = session.ebpf.all(), of_guests = all - std::min(all, session.own_exits);
  session.cpu = "Intel(R) Core(TM) i7-4770 CPU @ 3.40GHz";
  session.run = RecordedRun{"sh -c 'exit 3'", "night 7", "ept", 2, 3};
  session.vms_left_out = std::min<std::uint64_t>(3, of_guests);
  const std::uint64_t listed = of_guests - session.vms_left_out;
  session.vms = {{"web-1", "2a3b", 4'711, 2, listed - listed / 3}, {"web-2", "5c6d", 4'712, 1, listed / 3}};
  session.mmu = MmuStats{{"mmu_pte_write", 12'345}, {"pf_fixed", 6'789}, {"pages_4k", -2}};
  session.times_out.emplace();
  for (const Reason reason : {cpuid_reason(what_.vendor), hypercall_of(what_.vendor)})
    if (const std::uint64_t exits = count_of(session.ebpf, what_.vendor, reason); exits > 0)
      session.times_out->emplace(reason, TimeOut{exits, 987'654, TimeOut::Away{123'456, 654'321}});
}

Session RecordedHost::now() {
  session_->update(sample());
  Session session = session_->session();
  beside(session);
  return session;
}

Session RecordedHost::ended() {
  const ProbeSample last = sample();
  session_->update(last);
  Session session = session_->finish(last.counts, session_->own().sum());
  beside(session);
  return session;
}

Session RecordedHost::cut() {
  Counts counts, own;
  for (const Round& round : newest_->rounds) {
    const unsigned index = index_of(what_.vendor, round.reason);
    counts.at.at(index) += round.ebpf_before;
    own.at.at(index) += round.own;
  }
  session_->update(after_);
  Session session = session_->finish(counts, own);
  beside(session);
  return session;
}

Session recorded_session(const RecordedHost::What& what) {
  RecordedHost host(what);
  const std::vector<Reason> reasons = usual_reasons(what.vendor, what.paging);
  for (int i = 0; i < 3; ++i) {
    host.guests_run(reasons);
    host.read();
  }
  host.guests_run(reasons);
  return host.ended();
}

}  // namespace exitledger
