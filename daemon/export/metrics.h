// SPDX-License-Identifier: MIT
// What /metrics says, built afresh for every scrape (catalogue.h lists the families, docs/metrics.md explains them).
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

#include "export/snapshot.h"

namespace exitledger {

/// Content type of the text format that exposition() writes.
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

/// Families that have at least one series. `proc_self`: where the daemon's own process is described.
/// Pure but for reading `proc_self`; blocks on nothing.
[[nodiscard]] std::vector<prometheus::MetricFamily> families(const ExportSnapshot& snapshot,
                                                             const std::string& proc_self = "/proc/self");

/// The families in Prometheus' text format 0.0.4.
[[nodiscard]] std::string exposition(const ExportSnapshot& snapshot, const std::string& proc_self = "/proc/self");

}  // namespace exitledger
