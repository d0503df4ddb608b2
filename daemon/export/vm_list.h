// SPDX-License-Identifier: MIT
// Which VMs get series of their own, and with what names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "export/snapshot.h"
#include "model/sample.h"
#include "witness/process.h"

namespace exitledger {

struct VmList {
  std::vector<ExportVm> vms;
  std::uint64_t left_out = 0;
};

/// At most `limit` VMs, the oldest, so that a VM's series do not come and go as others are born. Own micro guests count
/// neither as listed nor as left out: they have no series. Host totals do not depend on it.
[[nodiscard]] VmList list_vms(std::span<const VmSample> living, Vendor vendor, Paging paging,
                              const std::function<VmNames(std::uint64_t id)>& names, std::size_t limit);

}  // namespace exitledger
