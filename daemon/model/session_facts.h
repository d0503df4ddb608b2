// SPDX-License-Identifier: MIT
// What a session keeps besides its books: whose command it surrounded, which VMs it saw, KVM's own figures, time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "model/exit_reason.h"

namespace exitledger {

/// The command that a session was recorded around (exitledger record, exitledger experiment).
struct RecordedRun {
  std::string command;        ///< its words, quoted for a shell where they must be
  std::string experiment;     ///< name of the experiment; empty for a lone record
  std::string mode;           ///< as the person asked for it: "ept", "shadow"; empty for a lone record
  std::uint32_t number = 0;   ///< of this mode's runs in the experiment, from 1; 0 for a lone record
  std::optional<int> status;  ///< the command's, as a shell has it: 0 to 255, 128 + N if signal N ended it; nullopt:
                              ///< not ended, or nobody was there to see it
};

/// A VM that the session saw, the reader's own micro guests aside. Names are as its VMM's command line had them.
struct SessionVm {
  std::string name, uuid;   ///< empty if unknown; UTF-8
  std::uint32_t pid = 0;    ///< of the VMM, in the daemon's pid namespace
  std::uint32_t vcpus = 0;  ///< that exited at least once
  std::uint64_t exits = 0;  ///< of it within the session, by the eBPF book, as of the last look while it lived
};

/// Time from exit to the next entry, by the eBPF book: out of the guest, whoever had the CPU meanwhile.
struct TimeOut {
  std::uint64_t exits = 0;  ///< that were entered from again
  std::uint64_t sum_ns = 0;
};

/// By reason; kReasonAll has no entry.
using TimesOut = std::map<Reason, TimeOut>;

/// KVM's MMU statistics since the session began, by KVM's own name of each ("pf_fixed", "mmu_pte_write"): virt/kvm's
/// _kvm_stats_desc of VM and vCPU, summed over VMs. Those of the kind "as it is now" (pages_4k) are the last seen.
/// Signed: KVM lowers some of them.
using MmuStats = std::map<std::string, std::int64_t>;

}  // namespace exitledger
