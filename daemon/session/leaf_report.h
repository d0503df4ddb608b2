// SPDX-License-Identifier: MIT
// The leaf of a host as one document: what `exitledger leaf` shows.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "model/result.h"
#include "witness/leaf.h"

namespace exitledger {

/// Asks every reason of one scope: "default", "vm", "host" or "cpu" (the first CPU that this process may use).
/// {"abi","vendor","paging","scope","scopes_allowed":[…],"cycles_kept","instance","total":N,
///  "reasons":[{"number","name","exits","cycles"?}]}; reasons that have not happened are in it, with 0.
/// Error: an unknown scope, a scope that is refused, or a host without the leaves.
[[nodiscard]] Result<nlohmann::ordered_json> leaf_report(const AskLeaf& ask, std::string_view scope);

}  // namespace exitledger
