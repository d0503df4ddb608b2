// SPDX-License-Identifier: MIT
// The owner of the books: attaches the probe, follows the vendor module, reads the leaf, keeps the sessions.
//
// Sessions are found by themselves: a load of the vendor module (which the probe sees) begins one, its unload ends it.
// Not thread-safe; whoever owns it calls follow() when event_fd() is readable, and after patience() at the latest.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/unique_fd.h"
#include "crosscheck/crosscheck.h"
#include "model/calibration.h"
#include "model/session.h"
#include "session/other_vendor.h"
#include "session/running.h"
#include "session/sweep.h"
#include "session/totals.h"
#include "witness/ebpf.h"
#include "witness/leaf.h"
#include "witness/module.h"
#include "witness/process.h"

namespace exitledger {

struct BooksOptions {
  ProbeOptions probe;
  LeafOptions leaf;
  std::uint64_t first_id = 1;                       ///< of the first session
  bool read_leaf = true;                            ///< false: eBPF alone, the leaf counts as absent
  std::chrono::milliseconds leaf_interval{10'000};  ///< between readings while exits go on
  std::function<bool()> go_on;                      ///< called between the readings of judge(): false ends it
};

class Books {
 public:
  /// Sessions kept besides the running one (design/contracts: the last 20).
  static constexpr std::size_t kSessionsKept = 20;
  /// `log` gets one line per event worth telling; the books never write to a stream themselves.
  Books(BooksOptions options, Log log);

  /// Readable when follow() has something to do; -1 while no KVM is there to attach to.
  [[nodiscard]] int event_fd() const;
  /// How long the next follow() may be away all the same. A module that was seen to load is not in service yet: exits
  /// before its session begins may have no reason, and are lost.
  [[nodiscard]] std::chrono::milliseconds patience() const;

  /// Attaches if it can, drains the probe's wake-ups, begins and ends sessions, reads the leaf when it is due.
  void follow();

  /// Readings of a judge() that says when it has seen enough: as many as it can take to prove, never more.
  static constexpr unsigned kEnough = 3;
  /// Reads the leaf `rounds` times now and judges; the running session afterwards. 0: until the books agree or
  /// disagree, at most kEnough times. Errors: no session runs; readings are held. A leaf that cannot be read is not an
  /// Error: the session says so.
  [[nodiscard]] Result<Session> judge(unsigned rounds);

  /// Makes every kind of exit that a micro guest can cause `turns` times (at least 1) and holds all witnesses against
  /// the table; what it cost is booked as own. Errors: those of judge(), and KVM's.
  [[nodiscard]] Result<Calibration> calibrate(std::uint32_t turns);

  /// Asks the leaf for one scope on behalf of a person; the exits are booked as own. Errors: those of judge(), and the
  /// leaf's.
  [[nodiscard]] Result<std::vector<LeafAnswer>> ask(std::span<const LeafQuery> queries);

  /// Begins a session around a command: the running one is cut, so that no exit is in both or in neither; one that
  /// began at the module's load, and in which no guest has exited yet, becomes it. `recorder`: the process that will
  /// call end_recording(), 0 if it is this one; when it is gone, the recording ends. Errors: those of judge(); another
  /// recording goes on.
  [[nodiscard]] Result<Session> begin_recording(RecordedRun run, std::string name, std::uint32_t recorder);
  /// Ends it, with what the command's status was. A recording that a load of the vendor module ended gets its status
  /// all the same (RecordedRun::cut_short). Errors: no recording of that id.
  [[nodiscard]] Result<Session> end_recording(const std::string& id, std::optional<int> status);
  /// Names a session that is kept here; false if none of that id is.
  bool rename(const std::string& id, const std::string& name);
  /// Forgets an ended session that is kept here. What it counted stays in the totals.
  void forget(const std::string& id);

  /// No readings for that long, also not on request: a probe VM would pin a module that somebody wants to reload. 0
  /// ends it.
  void hold(std::chrono::seconds duration);

  /// Ended sessions, oldest first, then the running one as of the newest sample().
  [[nodiscard]] std::vector<Session> sessions() const;
  /// The same without a copy: valid until the next call that is not const.
  [[nodiscard]] std::vector<const Session*> views() const;
  /// Ends the running session for good: the daemon stops, guests may run on. If anything exited since the newest
  /// reading, at one more.
  void close();
  /// Per paging mode, over all sessions of this process's life, up to `now`: the newest sample().
  [[nodiscard]] std::map<Paging, PagingBooks> totals(const std::optional<ProbeSample>& now) const;
  [[nodiscard]] const std::map<Verdict, std::uint64_t>& rounds_by_verdict() const { return rounds_by_verdict_; }
  /// Judgements of KVM's own statistics, likewise.
  [[nodiscard]] const std::map<Verdict, std::uint64_t>& stats_by_verdict() const { return stats_by_verdict_; }
  /// Readings in which cycles were read, by what they said of time.
  [[nodiscard]] const std::map<TimeVerdict, std::uint64_t>& readings_of_time() const { return readings_of_time_; }

  /// Takes a sample and brings the running session up to it; nullopt while not attached.
  /// `each_vcpu`: VmSample::living, too.
  [[nodiscard]] std::optional<ProbeSample> sample(bool each_vcpu = false);
  /// nullptr while none runs; valid until the next call that is not const.
  [[nodiscard]] const RunningSession* running() const { return running_ ? &*running_ : nullptr; }
  [[nodiscard]] std::vector<ProgramHealth> programs() const;
  [[nodiscard]] std::vector<el_answer> guest_answers() const;
  /// Those that were not the eBPF count of their instant, oldest first, as many as are kept.
  [[nodiscard]] std::vector<el_answer> different_answers() const;
  /// Names of a VM that lived at the newest sample() or follow(); empty if it has none.
  [[nodiscard]] VmNames vm_names(std::uint64_t id) const { return names_.of(id); }
  [[nodiscard]] const ModuleState& modules() const { return modules_; }
  /// A vendor module that is neither VMX nor SVM, and what is counted of it.
  [[nodiscard]] OtherVendor& other_vendor() { return other_vendor_; }
  /// Whether KVM's own statistics were had at the last look of the running session; nullopt before the first.
  [[nodiscard]] std::optional<bool> third_witness_up() const;
  [[nodiscard]] LeafState leaf_state() const { return leaf_state_; }
  [[nodiscard]] const std::string& leaf_detail() const { return leaf_detail_; }
  [[nodiscard]] bool attached() const { return ebpf_ != nullptr; }
  /// Why it is not attached, one line; empty while attached.
  [[nodiscard]] const std::string& detached_because() const { return detached_because_; }
  [[nodiscard]] std::string_view death_hook() const;

 private:
  [[nodiscard]] bool look_at_modules(bool now);
  void look_at_vms();
  void attach_if_possible();
  [[nodiscard]] std::vector<Boundary> new_loads() const;
  void follow_loads(const std::vector<Boundary>& loads);
  void begin_session(Vendor vendor, Paging paging, const Boundary* boundary);
  void end_session(const Boundary* next);
  void keep_ended(const Counts& at_end, const Counts& own, const ProbeSample& sample);
  /// The books at the reading that a session ended with.
  struct Cut {
    std::vector<Counts> by_cpu;
    Counts own;
    ProbeSample now;
  };
  Cut keep_cut();
  void cut();
  void follow_recorder();
  void take_reading();
  [[nodiscard]] std::optional<std::uint64_t> read_leaf();
  [[nodiscard]] std::optional<RunningSession::StatsLook> look_at_stats();
  void judge_stats(const std::optional<RunningSession::StatsLook>& before, std::optional<std::uint64_t> passes);
  void count_time();
  [[nodiscard]] Result<Calibration> calibrate_now(std::uint32_t turns, bool fast);
  void calibrate_first();
  [[nodiscard]] Result<void> know_leaf_host();
  [[nodiscard]] Result<Reading> sweep_booked();
  [[nodiscard]] std::string no_time() const;
  [[nodiscard]] Result<std::vector<LeafAnswer>> ask_booked(std::span<const LeafQuery> queries);
  [[nodiscard]] Result<void> may_read() const;
  void find_leaf();
  void say(LogLevel level, const std::string& line) const;

  BooksOptions options_;
  Log log_;
  bool said_disagrees_ = false;  ///< of the newest reading
  bool said_beyond_ = false;     ///< likewise, of time
  ModuleState modules_;
  std::unique_ptr<EbpfWitness> ebpf_;
  std::string detached_because_;
  OtherVendor other_vendor_;
  std::chrono::steady_clock::time_point next_look_{};
  std::chrono::steady_clock::time_point next_attach_{};
  std::chrono::steady_clock::time_point next_reading_{};
  std::chrono::steady_clock::time_point held_until_{};
  std::uint64_t boundary_seen_ = 0;
  LeafState leaf_state_ = LeafState::kAbsent;
  std::string leaf_detail_ = "no KVM vendor module is loaded";
  std::optional<RunningSession> running_;
  /// A reading as it was taken: with the host's book of each CPU before it, and the sample after it.
  struct Taken {
    Reading reading;
    std::vector<Counts> before;
    ProbeSample after;
  };
  std::optional<Taken> newest_;  ///< of the running session
  struct Recording {
    std::string id;
    UniqueFd recorder;  ///< pidfd of who records; none if it is this process
  };
  std::optional<Recording> recording_;
  VmNameBook names_;
  std::optional<LeafHost> leaf_host_;  ///< of the running session: asked once, its epoch is checked by every sweep
  std::deque<Session> ended_;
  std::map<Paging, PagingBooks> totals_;
  std::map<Verdict, std::uint64_t> rounds_by_verdict_;
  std::map<Verdict, std::uint64_t> stats_by_verdict_;
  std::string no_stats_because_;
  bool said_stats_disagree_ = false;
  std::map<TimeVerdict, std::uint64_t> readings_of_time_;
  std::uint64_t next_id_;
  bool layout_known_ = false;
  Losses losses_at_rest_;  ///< when the last session ended, or at the attach: later ones belong to the next session
};

}  // namespace exitledger
