// SPDX-License-Identifier: MIT
// A calibration as a document: what `exitledger calibrate --json` prints.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/calibration.h"

namespace exitledger {

/// {"vendor","paging","verdict","why",
///  "reasons":[{"number","name","kind":"exact|witnesses","expected":N|null,"ebpf","leaf":N|null,"verdict","why"}],
///  "kvm_stats":[{"name","expected","value"}],
///  "rows":[{"name","meaning","turns","verdict","why","reasons":[…],"kvm_stats":[…]}]}.
/// The sums over the rows come first; `expected` is null where only the witnesses must be equal, `leaf` where it is
/// absent.
[[nodiscard]] nlohmann::ordered_json calibration_json(const Calibration& calibration);

}  // namespace exitledger
