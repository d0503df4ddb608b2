// SPDX-License-Identifier: MIT
// What a cross-check is made from: rounds of both books.
#pragma once

#include <cstdint>
#include <vector>

#include "model/exit_reason.h"
#include "model/exit_time.h"
#include "model/paging.h"

namespace exitledger {

/// Both books for one reason on one physical CPU: eBPF, leaf, eBPF again. Absolute counts since the probe attached
/// (eBPF) and since the vendor module was loaded (leaf). A round of scope 4 is exact: both were read in one stretch
/// without preemption on that CPU, so ebpf_before == ebpf_after and window == 0.
struct Round {
  std::uint32_t cpu = 0;
  Reason reason = 0;
  std::uint32_t window = 0;  ///< exits that can be in the leaf and not yet in the eBPF book: CPUs inside the window
  std::uint64_t ebpf_before = 0;
  std::uint64_t leaf = 0;
  std::uint64_t ebpf_after = 0;
  std::uint64_t own = 0;  ///< of both counts, exits of the reader's own micro guests on this CPU up to that instant,
                          ///< since the session began
  std::uint32_t question = 0;  ///< which CPUID of its CPU's micro guest asked, from 1 (CPUID 0 asks for the epoch);
                               ///< 0: nobody asked, as for a session's zero point
};

/// One sweep of the leaf over the CPUs.
struct Reading {
  std::uint64_t epoch = 0;  ///< the host's instance number: changes with every load of the vendor module
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;  ///< as the leaf's flags state it
  bool cycles_kept = false;
  std::vector<std::uint32_t> cpus;  ///< CPUs swept
  std::vector<Round> rounds;        ///< one per CPU and reason, kReasonAll and kReasonUnknown among the reasons
  std::uint64_t passes =
      0;  ///< the host's kReasonEmulation and kReasonVmFail, which are no exits, as the leaf has them
  std::uint32_t questions = 0;  ///< asked of each CPU, those that are no rounds among them
  TimeReading time;
};

/// A known relation at the start of a session: what the eBPF book held when the leaf stood at zero.
struct Base {
  std::uint32_t cpu = 0;
  Reason reason = 0;
  std::uint64_t ebpf = 0;
};

}  // namespace exitledger
