// SPDX-License-Identifier: MIT
// One interval as plain text or JSON. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "top/rows.h"

namespace exitledger::top {

/// The summary, both books by reason, the VMs; no line wider than 100 columns, newline at its end.
[[nodiscard]] std::string once_text(const Interval& interval);

/// {"time","monotonic_ns","interval_ns",
///  "session":{"id","name","vendor","paging","verdict","why","laws_broken","leaf","leaf_read_ns","lost","lost_by_vcpus"},
///  "reasons":[{"number","name","before","exits","new","per_second","timed_exits","time_out_ns",
///  "reading":null or {"ebpf","leaf","own","residual","verdict"}}],
///  "vms":[{"vm","name","uuid","pid","vcpus","exits","new","per_second","reasons":[…],
///  "each":[{"vcpu","exits","new","per_second","reasons":[…]}]}]}
/// null: not known. `before` and `exits` are the totals of the two samples.
[[nodiscard]] nlohmann::ordered_json once_json(const Interval& interval);

}  // namespace exitledger::top
