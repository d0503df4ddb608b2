// SPDX-License-Identifier: MIT
// Reads hosts that were patched with one of the published forms of the leaf. They carry no signature, leave stack in
// registers that they do not set, count for the whole host and answer any process: so nothing is believed before the
// host has shown by its answers that it counts, and of an answer only EAX.
#pragma once

#include <vector>

#include "cpuid.h"
#include "model/result.h"
#include "report.h"

namespace exitledger::guest {

/// Which leaf means what. kA: exits per reason in 0x4FFFFFFE, all in 0x4FFFFFFF. kB: 0x4FFFFFFD and 0x4FFFFFFF.
/// kC: 0x4FFFFFFE and 0x4FFFFFFC.
enum class Form : std::uint8_t { kA, kB, kC };

/// "a", "b", "c".
[[nodiscard]] std::string_view to_string(Form form);

/// The line that belongs to every reading of a published form.
[[nodiscard]] std::string published_warning(Form form);

/// Counts of 32 bits. `reasons` empty: all that the published patches know (0 to 68); others are never asked for,
/// because some of those patches read beyond their table. Errors: the probes failed (with what was found), the guest's
/// processor is not Intel's, the host has the exitledger ABI, a reason that this patch does not count.
[[nodiscard]] Result<Report> read_published(const Cpuid& cpuid, Form form, const std::vector<Reason>& reasons,
                                            bool zeros);

}  // namespace exitledger::guest
