// SPDX-License-Identifier: MIT
// What a session keeps besides its books: whose command it surrounded, which VMs it saw, KVM's own figures, time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "model/exit_reason.h"

namespace exitledger {

/// Bytes of RecordedRun::command: what a longer one has beyond them is not kept.
inline constexpr std::size_t kLongestCommand = 4096;

/// The command that a session was recorded around (exitledger record, exitledger experiment).
struct RecordedRun {
  std::string command;        ///< its words, quoted for a shell where they must be; UTF-8
  std::string experiment;     ///< name of the experiment; empty for a lone record
  std::string mode;           ///< as the person asked for it: "ept", "shadow"; empty for a lone record
  std::uint32_t number = 0;   ///< of this mode's runs in the experiment, from 1; 0 for a lone record
  std::optional<int> status;  ///< the command's, as a shell has it: 0 to 255, 128 + N if signal N ended it; nullopt:
                              ///< not ended, or nobody was there to see it
  bool cut_short = false;     ///< the vendor module was reloaded before it ended: what came after is not in the session
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
  /// What of the sum was not KVM's work; nullopt: not known (the hooks could not be had, or missed something).
  struct Away {
    std::uint64_t user_ns = 0;           ///< in the VMM, from KVM_RUN's return to the next, whoever had the CPU
    std::uint64_t scheduled_out_ns = 0;  ///< in KVM_RUN and off the CPU: halted, blocked or preempted
  };
  std::optional<Away> away{};
};

/// By reason; kReasonAll has no entry.
using TimesOut = std::map<Reason, TimeOut>;

/// Statistics of KVM's MMU by KVM's own name of each ("pf_fixed", "mmu_pte_write"; the descriptions are in
/// arch/x86/include/asm/kvm_host.h), summed over the guests' VMs. What KVM counts: since the session began, the taking
/// down of VMs included. Levels, which rise and fall (pages_4k, mmu_unsync): the most that the VMs had together at any
/// reading of the session. Those that this kernel does not have have no entry.
using MmuStats = std::map<std::string, std::int64_t>;

}  // namespace exitledger
