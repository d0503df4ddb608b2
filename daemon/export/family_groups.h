// SPDX-License-Identifier: MIT
// The groups of families; metrics.cpp puts them together. Each appends its families to `out`.
#pragma once

#include <cstdint>
#include <string>

#include "export/family_builder.h"
#include "export/snapshot.h"

namespace exitledger {

/// Both books per paging mode, own exits, flags, durations.
void append_books(const ExportSnapshot& snapshot, Families& out);
/// Living VMs, the reader's own micro guests left out.
void append_vms(const ExportSnapshot& snapshot, Families& out);
void append_sessions(const ExportSnapshot& snapshot, Families& out);
/// Time in both books; nothing where the leaf keeps no cycles.
void append_time(const ExportSnapshot& snapshot, Families& out);
/// Residuals, verdicts, witnesses, build.
void append_crosscheck(const ExportSnapshot& snapshot, Families& out);
/// Losses, slots, hypercalls, answers, programs; nothing while the probe is not attached.
void append_probe(const ExportSnapshot& snapshot, Families& out);
/// process_*, from `proc_self` (normally /proc/self); what cannot be read is left out.
void append_process(const std::string& proc_self, std::int64_t started_unix_ns, Families& out);

}  // namespace exitledger
