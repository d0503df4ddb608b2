// SPDX-License-Identifier: MIT
// GET /api/v1/live: the books of one moment as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/live.h"
#include "model/result.h"

namespace exitledger {

/// {"time_ns","unix_ns","detached_because",
///  "session":null or {"id","name","vendor","paging","started_unix_ns","verdict","why","laws_broken":[{"law":name}],
///  "third_witness":verdict or null,"leaf","leaf_detail","rounds","read_ns":N or null,"lost","lost_by_vcpus"},
///  "reasons":[{"number":N or null,"name","ebpf","time":null or {"exits","sum_ns"},
///  "reading":null or {"ebpf","leaf","own","residual","verdict"}}],
///  "vms":[{"id","name","uuid","pid","born_ns","vcpus","exits":{"CPUID":N,…},"each":[{"vcpu","born_ns","exits":{…}}]}]}
[[nodiscard]] nlohmann::ordered_json live_json(const LiveSample& sample);

/// Strict, as session_from_json(): the Error names the path of what is wrong.
[[nodiscard]] Result<LiveSample> live_from_json(const nlohmann::ordered_json& json);

}  // namespace exitledger
