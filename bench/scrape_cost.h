// SPDX-License-Identifier: MIT
// What a scrape costs the daemon, from the probe's slots to the last byte at the client.
#pragma once

#include <cstddef>
#include <optional>

#include "model/result.h"
#include "simulated_vms.h"

namespace exitledger::bench {

struct ScrapeCost {
  std::size_t series = 0, bytes = 0;
  double scrape_s = 0;             ///< median
  double cpu_s = 0;                ///< of the server's thread, per scrape
  std::optional<double> calls;     ///< system calls of the server's thread per scrape; nullopt: may not be counted
  std::size_t resident_bytes = 0;  ///< of the process, the slots that the daemon maps included
};

/// So many scrapes after one that warms up, over HTTP on loopback. Runs in a process of its own, so that its memory is
/// this load's alone. Errors: those of the server, or no answer.
[[nodiscard]] Result<ScrapeCost> scrape_cost(const Load& load, std::size_t vm_limit, unsigned scrapes);

}  // namespace exitledger::bench
