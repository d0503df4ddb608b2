// SPDX-License-Identifier: MIT
// What the eBPF witness saw, as one value.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "exitledger.h"
#include "model/counts.h"
#include "model/paging.h"
#include "model/stat_sums.h"

namespace exitledger {

/// Losses by cause; any above zero keeps every verdict from "agrees".
struct Losses {
  std::array<std::uint64_t, EL_LOSS_COUNT> cause{};         ///< enum el_loss
  std::map<std::string, std::uint64_t> recursion_misses{};  ///< kernel's count per program, by its name in bpf/

  /// Events missing from a book that verdicts rest on (the host's): exits not counted, runs missed by the programs that
  /// count exits and answers. A death or an entry that went unseen takes nothing from it.
  [[nodiscard]] std::uint64_t of_host_book() const;
  /// Events missing from the vCPUs' books alone: exits of vCPUs that got no slot, and questions of guests that could
  /// not be remembered, so that their answers were not judged.
  [[nodiscard]] std::uint64_t of_vcpu_books() const;
  /// Exits or entries that may be missing in the book of durations, or stand under another reason there. An entry after
  /// a refused one misses nothing: the first of the two ends the interval, as for the leaf.
  [[nodiscard]] std::uint64_t of_durations() const;
  /// Runs missed by the programs that split durations.
  [[nodiscard]] std::uint64_t of_split() const;
  /// All of them, whichever book.
  [[nodiscard]] std::uint64_t total() const;
};

/// Label of a cause in exitledger_lost_events_total: "no_offset", "read_failed", "no_slot", …
[[nodiscard]] std::string_view loss_label(el_loss cause);

/// Label of what became of an answer: "equal", "different", "first", "no_exit", "within_bracket", "not_compared".
[[nodiscard]] std::string_view told_label(el_told told);

/// One vCPU that lives.
struct VcpuSample {
  std::uint32_t id = 0;       ///< KVM_CREATE_VCPU's argument
  std::uint64_t born_ns = 0;  ///< CLOCK_MONOTONIC of its first exit seen
  Counts counts;
};

/// One VM that lives: at least one vCPU of it does, as far as the probe saw.
struct VmSample {
  std::uint64_t id = 0;       ///< number given by the probe, never reused in its life
  std::uint32_t tgid = 0;     ///< process of the VMM
  std::uint64_t born_ns = 0;  ///< CLOCK_MONOTONIC of its first exit
  std::uint32_t vcpus = 0;    ///< vCPUs seen
  bool own = false;           ///< the reader's own micro guest
  Counts counts;
  /// Those that live, ascending, if they were asked for. `counts` is their sum and that of the vCPUs that died before.
  std::vector<VcpuSample> living{};
};

struct DurationHistogram {
  std::uint64_t sum_ns = 0;
  std::uint64_t user_ns = 0;  ///< of the sum: out of KVM_RUN, whoever had the CPU
  std::uint64_t off_ns = 0;   ///< of the sum: in KVM_RUN and off the CPU (halted, blocked or preempted)
  std::array<std::uint64_t, EL_DURATION_BUCKETS> bucket{};
};

/// The probe's books at one time. Counters are read one by one; `counts` of a busy host is no snapshot.
struct ProbeSample {
  std::uint64_t time_ns = 0;  ///< CLOCK_MONOTONIC
  Counts counts;              ///< host, summed over CPUs, since the probe attached
  Losses losses;
  Hypercalls hypercalls;
  std::array<std::uint64_t, 4> told{};  ///< answers from leaf 0x4FFFFFFC + i to guests, own micro guests aside
  std::array<std::uint64_t, EL_TOLD_COUNT> judged{};  ///< the same answers by enum el_told
  std::map<Reason, DurationHistogram> durations;      ///< reasons seen at least once; empty if time is not kept
  bool splits_time = false;                           ///< DurationHistogram::user_ns and off_ns are kept
  std::uint32_t slots_used = 0, slots_limit = 0;
  std::vector<VmSample> vms;
};

/// Health of one attached program (bpf_prog_info).
struct ProgramHealth {
  std::string name;
  bool attached = false;
  std::string how;                               ///< "raw_tp/kvm_exit", "fentry/kvm_arch_vcpu_destroy", …
  std::uint64_t run_count = 0, run_time_ns = 0;  ///< only while kernel.bpf_stats_enabled
  std::uint64_t recursion_misses = 0;
};

}  // namespace exitledger
