// SPDX-License-Identifier: MIT
// The probe's slots as a host with many VMs fills them.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "exitledger.h"
#include "export/snapshot.h"
#include "witness/ebpf_slots.h"

namespace exitledger::bench {

struct Load {
  std::size_t vms = 0;
  std::size_t vcpus = 8;     ///< per VM: each has a slot
  std::size_t reasons = 40;  ///< that happened in every VM
};

/// What the daemon does per scrape, with the maps of the probe in ordinary memory.
class SimulatedVms {
 public:
  explicit SimulatedVms(const Load& load);
  /// Sums the slots to VMs and lists them, as the daemon does for each scrape.
  [[nodiscard]] ExportSnapshot snapshot(std::size_t vm_limit);

 private:
  std::vector<el_owner> owners_;
  std::vector<el_slot> slots_;
  std::vector<el_stats> stats_;
  SlotBooks books_;
};

}  // namespace exitledger::bench
