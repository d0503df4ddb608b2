// SPDX-License-Identifier: MIT
// Handlers of the pages that every exporter has.
#pragma once

#include <functional>
#include <string>

#include "export/router.h"
#include "export/snapshot.h"

namespace exitledger {

/// GET /metrics: takes a snapshot per scrape.
[[nodiscard]] Router::Handler metrics_page(std::function<ExportSnapshot()> snapshot);

/// GET /: the two books of each session, live (export/landing.html, no external asset), version and links.
[[nodiscard]] Router::Handler landing_page(const std::string& version);

/// GET /-/healthy: 200 as long as the daemon's loop turns.
[[nodiscard]] Router::Handler healthy_page();

/// GET /-/ready: 200 if `unready_because` returns nothing, else 503 with what it says.
[[nodiscard]] Router::Handler ready_page(std::function<std::string()> unready_because);

}  // namespace exitledger
