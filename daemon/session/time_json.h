// SPDX-License-Identifier: MIT
// What a session says of time, as JSON: the key "time" of a session (session/session_json.h).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/exit_time.h"
#include "model/paging.h"
#include "session/json_fields.h"

namespace exitledger {

/// {"verdict","why","rate_hz","rate_error_ppb","gap_ns_per_exit","interruption_ns",
///  "reasons":[{"number","name","exits","leaf_cycles","leaf_ns","ebpf_ns","difference_ns","least_ns","most_ns","verdict",
///  "why","raw":{"start":[{"cpu","leaf_cycles","ebpf_ns","intervals"}],"rounds":[the same]}}]}
[[nodiscard]] nlohmann::ordered_json time_json(Vendor vendor, const TimeResult& time);

/// Strict, as session_from_json(): errors go to those of `fields`.
[[nodiscard]] TimeResult time_from(const JsonFields& fields);

}  // namespace exitledger
