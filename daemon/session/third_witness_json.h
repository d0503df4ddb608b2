// SPDX-License-Identifier: MIT
// The third witness as JSON, within a session's document.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "model/third_witness.h"
#include "session/json_fields.h"

namespace exitledger {

/// nullopt (it could not be had) has the verdict "none" and nothing else.
[[nodiscard]] nlohmann::ordered_json third_witness_json(const std::optional<ThirdWitness>& third);

/// The inverse. Contradictions go to the fields' errors.
[[nodiscard]] std::optional<ThirdWitness> third_witness_from(const JsonFields& fields);

}  // namespace exitledger
