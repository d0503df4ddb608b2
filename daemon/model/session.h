// SPDX-License-Identifier: MIT
// A session: an interval in which the vendor module's epoch and paging mode do not change.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/reading.h"
#include "model/sample.h"
#include "model/session_facts.h"
#include "model/third_witness.h"
#include "model/verdict.h"

namespace exitledger {

/// State of the leaf witness.
enum class LeafState : std::uint8_t {
  kPresent = 0,  ///< patched KVM, readings are made
  kAbsent = 1,   ///< unpatched KVM: KVM_CHECK_EXTENSION(0x4FFFFFFE) is 0
  kRefused = 2,  ///< patched, but it does not answer us: exit_leaf=off, or no CAP_PERFMON
  kFailed = 3,   ///< /dev/kvm or the micro guest failed
};

/// "present", "absent", "refused", "failed".
[[nodiscard]] std::string_view to_string(LeafState state);

struct Session {
  std::string id;    ///< a number, unique within the store: "1", "2", …
  std::string name;  ///< given by a person; empty: none. No two sessions that are kept share one
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  std::string kernel;       ///< uname -r
  std::string cpu;          ///< "model name" of /proc/cpuinfo; empty if it has none
  std::uint64_t epoch = 0;  ///< the host's instance number from the leaf; 0 if the leaf is absent
  std::int64_t started_unix_ns = 0, ended_unix_ns = 0;  ///< ended 0: running
  bool interrupted = false;    ///< its daemon was gone before it ended: everything is as of the last time it was stored
  bool began_at_load = false;  ///< true: the books' relation at the start is known; false: attached to a running module
  LeafState leaf = LeafState::kAbsent;
  std::string leaf_detail;                        ///< why, when not present
  std::map<std::string, std::string> parameters;  ///< of the vendor module and of kvm: "kvm_intel.ept" -> "Y"

  /// What the newest calibration said; nullopt: none was made.
  struct Calibrated {
    Verdict verdict = Verdict::kCannotTell;
    std::string why;  ///< one clause when the verdict is not kAgrees
  };
  std::optional<Calibrated> calibration;

  /// KVM's own statistics at the last look; nullopt: none was had.
  std::optional<ThirdWitness> third;

  Counts ebpf;                  ///< all exits since the session's start, at the last sample (no cross-check needed)
  std::uint64_t own_exits = 0;  ///< of them the reader's own micro guests', at the last sample
  Losses losses;                ///< within the session
  std::uint64_t rounds = 0;     ///< readings judged
  std::vector<ReasonVerdict>
      reasons;                  ///< as of the last reading; reasons with a count, ascending; empty without a leaf
  std::vector<Round> raw;       ///< the rounds of the newest reading
  std::uint32_t questions = 0;  ///< that the newest reading asked of each CPU
  std::vector<Round> start;  ///< the books' zero point per CPU and reason: raw minus start, over the CPUs, is `reasons`
  std::int64_t last_exact_unix_ns = 0;  ///< time of the last reading in which every reason agreed; 0 = never
  Verdict verdict = Verdict::kCannotTell;
  std::string why;  ///< one clause when the verdict is not kAgrees
  std::vector<BrokenLaw> laws_broken;
  TimeResult time;  ///< the books of time; no part of `verdict`

  // No part of the verdict either.
  std::optional<RecordedRun> run;  ///< nullopt: not recorded around a command
  std::vector<SessionVm> vms;      ///< those seen, oldest first, at most kVmsKept
  std::uint64_t vms_left_out = 0;  ///< seen and not in `vms`
  static constexpr std::size_t kVmsKept = 1000;
  Hypercalls hypercalls;              ///< by number, since the session began
  std::optional<MmuStats> mmu;        ///< nullopt: they could not be had
  std::optional<TimesOut> times_out;  ///< nullopt: durations are not kept (--no-collector.time)

  [[nodiscard]] bool running() const { return ended_unix_ns == 0; }
};

/// The same, and KVM's own statistics must not contradict its books.
[[nodiscard]] Verdict judged(const Session& session);

/// What exitledger check says of a session: that, and its books of time must not differ beyond their bound.
[[nodiscard]] Verdict judged_with_time(const Session& session);

/// Exits that the newest reading covered: as of it the verdict holds. 0 without a reading.
[[nodiscard]] std::uint64_t judged_exits(const Session& session);

}  // namespace exitledger
