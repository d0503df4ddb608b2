// SPDX-License-Identifier: MIT
// Everything that one scrape shows, as one plain value: no probe, no store, no Prometheus type.
//
// Whoever owns the books fills it once per scrape. Absent is not zero: what is not known is left out (an empty
// optional, a key that is not in the map) and yields no series; a 0 that is put in is a claim.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/paging.h"
#include "model/paging_books.h"
#include "model/plain_sample.h"
#include "model/sample.h"
#include "model/session.h"
#include "model/verdict.h"

namespace exitledger {

/// A VM as the probe knows it, with what was joined on. Own micro guests may be in the list: they yield no series.
struct ExportVm {
  VmSample sample;  ///< `sample.id` is the label `vm`: no two of a snapshot may share it
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  std::string name;  ///< QEMU's -name or libvirt's; any bytes, empty if unknown
  std::string uuid;  ///< empty if unknown
};

/// What the probe tells besides the host's book. Totals since it attached.
struct ProbeHealth {
  Losses losses;
  std::uint32_t slots_used = 0, slots_limit = 0;
  Hypercalls hypercalls;                              ///< as in ProbeSample
  std::array<std::uint64_t, 4> told{};                ///< as in ProbeSample
  std::array<std::uint64_t, EL_TOLD_COUNT> judged{};  ///< as in ProbeSample
  std::vector<ProgramHealth> programs;
};

struct ExportSnapshot {
  std::map<Paging, PagingBooks> books;        ///< modes seen since the daemon started
  std::vector<ExportVm> vms;                  ///< VMs that live, without those left out
  std::optional<std::uint64_t> vms_left_out;  ///< living VMs beyond the limit; nullopt: not attached
  std::vector<Session> sessions;              ///< the running one and the last 20; ids differ

  std::optional<ProbeHealth> probe;  ///< nullopt: not attached (exitledger_witness_up{witness="ebpf"} is 0)
  std::optional<LeafState> leaf;     ///< nullopt: not asked yet, or no vendor module; up only if kPresent
  std::optional<bool> kvm_stats_up;  ///< KVM's own statistics; nullopt: not asked yet, or no vendor module
  /// Whether exits of a vendor module that is neither VMX nor SVM are counted; nullopt: there is none.
  std::optional<bool> plain_up;
  std::optional<PlainSample> plain;                    ///< what was counted of it; nullopt: nothing could be
  std::map<Verdict, std::uint64_t> rounds_by_verdict;  ///< readings judged; a verdict without entry was never given
  std::map<Verdict, std::uint64_t> stats_by_verdict;   ///< looks at KVM's own statistics, likewise
  /// Readings of cycles; empty: there was none. A verdict without entry was never given.
  std::map<TimeVerdict, std::uint64_t> readings_of_time;

  struct StoreHealth {
    bool up = true;  ///< the newest write succeeded
    std::uint64_t failed_writes = 0;
  };
  std::optional<StoreHealth> store;  ///< nullopt: sessions are kept in memory alone

  std::string version;               ///< "0.1.0"
  std::string revision;              ///< commit that it was built from; empty if unknown
  std::int64_t started_unix_ns = 0;  ///< start of the daemon; 0 = not known
};

}  // namespace exitledger
