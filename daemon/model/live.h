// SPDX-License-Identifier: MIT
// The books of one moment, for whoever watches them: what `exitledger top` takes two of.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/exit_reason.h"
#include "model/paging.h"
#include "model/session.h"
#include "model/verdict.h"

namespace exitledger {

/// Exits by label of the reason (reason_label()); those that happened. Undefined codes are in "UNKNOWN", as the leaf
/// has them; an exit whose reason could not be read is in kUnread.
using LiveCounts = std::map<std::string, std::uint64_t>;
inline constexpr std::string_view kUnread = "(unread)";

/// One reason in the host's book, since the session began.
struct LiveReason {
  std::string name;
  std::optional<Reason> number;  ///< nullopt: kUnread
  std::uint64_t ebpf = 0;
  std::optional<TimeOut> time;  ///< nullopt: no time is kept, or none of this reason yet

  /// Both books as of the last reading of the leaf.
  struct Reading {
    std::uint64_t ebpf = 0, leaf = 0, own = 0;
    std::int64_t residual = 0;
    Verdict verdict = Verdict::kCannotTell;
  };
  std::optional<Reading> reading;  ///< nullopt: none was made, or it had no exit of this reason
};

struct LiveVcpu {
  std::uint32_t id = 0;       ///< KVM_CREATE_VCPU's argument
  std::uint64_t born_ns = 0;  ///< CLOCK_MONOTONIC of its first exit seen
  LiveCounts exits;
};

/// A VM that lives, the reader's own micro guests aside.
struct LiveVm {
  std::uint64_t id = 0;        ///< given by the probe, never reused in its life
  std::string name, uuid;      ///< of its VMM's command line, UTF-8; empty if unknown
  std::uint32_t pid = 0;       ///< of its VMM
  std::uint64_t born_ns = 0;   ///< CLOCK_MONOTONIC of its first exit seen
  std::uint32_t vcpus = 0;     ///< seen, those that died among them
  LiveCounts exits;            ///< of all of them
  std::vector<LiveVcpu> each;  ///< those that live, ascending
};

struct LiveSession {
  std::string id, name;  ///< as in Session, like all of these
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  std::int64_t started_unix_ns = 0;
  Verdict verdict = Verdict::kCannotTell;
  std::string why;
  std::vector<std::string> laws_broken;  ///< by name
  std::optional<Verdict> third;          ///< on KVM's own statistics; nullopt: none were had
  LeafState leaf = LeafState::kAbsent;
  std::string leaf_detail;
  std::uint64_t rounds = 0;
  std::optional<std::uint64_t> read_ns;  ///< CLOCK_MONOTONIC of the last reading; nullopt: none was made
  std::uint64_t lost = 0;                ///< events missing from the host's book
  std::uint64_t lost_by_vcpus = 0;       ///< from the books of vCPUs alone
};

/// Counters are read one by one: of a busy host this is no snapshot. A VM's exits are the sum of its vCPUs'.
struct LiveSample {
  std::uint64_t time_ns = 0;           ///< CLOCK_MONOTONIC
  std::int64_t unix_ns = 0;            ///< CLOCK_REALTIME of about the same moment
  std::string detached_because;        ///< why the probe is not attached; empty: it is
  std::optional<LiveSession> session;  ///< nullopt: none runs, and what follows is empty
  std::vector<LiveReason> reasons;     ///< that happened, ascending, kUnread last
  std::vector<LiveVm> vms;             ///< ascending
};

}  // namespace exitledger
