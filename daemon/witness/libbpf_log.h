// SPDX-License-Identifier: MIT
// libbpf's messages: kept for Errors, printed nowhere.
#pragma once

#include <string>

namespace exitledger {

/// From now on libbpf is silent (process-wide; libbpf has one print function).
void silence_libbpf();

/// What libbpf warned of in this thread since the last call, in short: its first line, which names the cause, and the
/// last line before the statistics of a verifier's log if there was one.
[[nodiscard]] std::string take_libbpf_warning();

}  // namespace exitledger
