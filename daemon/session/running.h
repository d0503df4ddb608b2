// SPDX-License-Identifier: MIT
// The session that is going on: its zero point, its cross-check, its figures so far.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crosscheck/crosscheck.h"
#include "crosscheck/time_check.h"
#include "model/calibration.h"
#include "model/session.h"
#include "session/session_mmu.h"
#include "session/session_vms.h"
#include "session/sweep.h"
#include "witness/ebpf.h"
#include "witness/module.h"

namespace exitledger {

class RunningSession {
 public:
  /// Zero point of the third witness: the module's load, or the attach, also where the session began later.
  struct StatsZero {
    Counts counts;
    Hypercalls hypercalls;
    std::uint64_t slotless = 0;           ///< StatSums::slotless
    std::uint64_t load = 0;               ///< of the vendor module; 0 if it is older than the probe
    std::optional<std::uint64_t> passes;  ///< Reading::passes; learned where the module is older than the probe
    bool all_in_slots = true;             ///< no vCPU went without a slot in sessions before
  };
  struct Start {
    std::string id;
    Vendor vendor = Vendor::kVmx;
    Paging paging = Paging::kEpt;
    std::optional<Boundary> boundary;  ///< the module's load, if the probe saw it: the books' zero point
    std::vector<Counts> by_cpu;        ///< without it: the host's book per CPU, taken before `now`
    std::uint64_t slotless = 0;        ///< without it: StatSums::slotless then
    std::optional<MmuSums> mmu;        ///< without it: StatSums::mmu then; nullopt: it could not be had
    ProbeSample now;                   ///< taken when the session was noticed
    Losses losses_before;              ///< losses of the time before the session, which are not its own
    std::map<std::string, std::string> parameters;
    bool older_vcpus = false;  ///< vCPUs may exist that are older than the probe
    bool keeps_time = false;   ///< the probe keeps durations
    std::string unproven;      ///< why counts since the load cannot be trusted; empty if they can

    // Of the session that went before within the same load.
    Counts own_before;                               ///< of `own`, those before this session
    OwnExits own;                                    ///< what its rounds count, and this one's go on counting
    std::optional<StatsZero> stats;                  ///< nullopt: the session's own start
    std::optional<Session::Calibrated> calibration;  ///< that was made
  };
  explicit RunningSession(Start start);

  /// Newest figures of the eBPF book.
  void update(const ProbeSample& sample);
  /// One reading of the leaf; returns the verdict on it. `before`: the host's book of each CPU just before it: what
  /// that holds must have been asked for, or the leaf chose what it was asked.
  Verdict accept(const Reading& reading, const std::vector<Counts>& before, const ProbeSample& after);
  /// What a look at the third witness yields, before and after a reading of the leaf; nullopt: it could not be had.
  struct StatsLook {
    StatSums sums;
    Hypercalls hypercalls;  ///< of the host since the probe attached, as the two below
    Counts counts;
  };
  /// Judges the third witness. `passes`: Reading::passes, nullopt without a reading.
  void third_witness(const StatsLook& before, std::optional<std::uint64_t> passes, const StatsLook& after);
  /// KVM's MMU statistics, newest figures.
  void mmu(const StatSums& sums);
  /// The third witness cannot be had (any more).
  void no_third_witness() { session_.third.reset(); }
  /// Load of the vendor module that began the session, 0 if it is older than the probe (EbpfWitness::kvm_stats).
  [[nodiscard]] std::uint64_t load() const { return stats_.load; }
  /// Exits of the reader's own within the session.
  [[nodiscard]] Counts own_exits() const { return own_.sum().since(base_own_); }

  /// The leaf cannot be read (any more).
  void leaf_is(LeafState state, const std::string& detail);
  /// What a calibration found; unless it agrees, no count of this session can be trusted.
  void calibrated(const Calibration& calibration);
  /// The calibration that comes first could not be made. Says so, and leaves the verdict to the witnesses.
  void not_calibrated(const std::string& why);
  /// Counts from here on prove nothing, for this reason.
  void cannot_trust(const std::string& why);
  /// The start of a session that goes on where this one ends: `by_cpu` is each CPU's book then, `now` the newest
  /// sample.
  [[nodiscard]] Start next(std::string id, std::vector<Counts> by_cpu, ProbeSample now) const;
  /// A person's words for it.
  void record(RecordedRun run, std::string name);
  void end_run(std::optional<int> status) {
    if (session_.run) session_.run->status = status;
  }
  void cut_run_short() {
    if (session_.run) session_.run->cut_short = true;
  }
  void rename(std::string name) { session_.name = std::move(name); }
  /// Last figures; `counts` is the host's book at the end, `own` the reader's own exits then (of all in own()). Nothing
  /// changes the session after it.
  [[nodiscard]] Session finish(const Counts& counts, const Counts& own);

  [[nodiscard]] const Session& session() const { return session_; }
  /// VMs: names, and those that died since the last sample.
  [[nodiscard]] SessionVms& vms() { return vms_; }
  [[nodiscard]] OwnExits& own() { return own_; }
  [[nodiscard]] const OwnExits& own() const { return own_; }
  [[nodiscard]] std::map<Reason, DurationHistogram> durations(const ProbeSample& sample) const;
  /// CLOCK_MONOTONIC of the newest reading; 0: none was made.
  [[nodiscard]] std::uint64_t read_ns() const { return read_ns_; }
  /// Exits that no reading has covered yet.
  [[nodiscard]] bool moved_since_reading(const ProbeSample& sample) const {
    return sample.counts.all() != all_at_reading_;
  }

 private:
  void judge();
  void take_facts(const ProbeSample& sample);
  [[nodiscard]] bool all_in_slots() const;
  void learn_base_passes(const StatSums& sums, std::uint64_t passes);
  [[nodiscard]] std::string obstacle() const;
  [[nodiscard]] std::string not_asked_for(const Reading& reading, const std::vector<Counts>& before) const;

  Session session_;
  std::string unproven_;   ///< why no count of this session can be trusted
  std::string not_asked_;  ///< what the newest reading left out
  std::vector<Counts> base_by_cpu_;
  Counts base_;
  Hypercalls base_hypercalls_;
  StatsZero stats_;
  SessionMmu mmu_;
  bool saw_all_births_ = false;
  Losses base_losses_;
  std::map<Reason, DurationHistogram> base_durations_;
  SessionVms vms_;
  OwnExits own_;
  Counts base_own_;
  CrossCheck check_;
  TimeCheck time_;
  std::uint64_t all_at_reading_ = 0;
  std::uint64_t read_ns_ = 0;
};

}  // namespace exitledger
