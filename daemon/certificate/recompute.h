// SPDX-License-Identifier: MIT
// A session's document against itself: what it states is computed again from the raw rounds that it holds.
//
// Verdicts come from the code that made them (CrossCheck, broken_laws(), judge_time()), fed with the document's rounds.
// Which fields are bound by an equation, and which are not: docs/certificates.md.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/result.h"
#include "model/session.h"

namespace exitledger {

/// A place of a document and what is wrong there.
struct Refutation {
  std::string path;  ///< "reasons[3].ebpf"
  std::string what;  ///< "states 11, the rounds give 10"
};

struct Recomputed {
  std::vector<Refutation> refuted;
  /// What is worse than the rounds alone show, as a verdict can be that an earlier reading or the module's layout
  /// spoilt: accepted as stated. One line each.
  std::vector<std::string> untold;
};

[[nodiscard]] Recomputed recompute(const Session& session);

/// Of a session's JSON: what contradicts itself there, what recompute() finds, and every field that a session with
/// these values does not have so. Error: it cannot be read (Error::object is the path).
struct RecomputedDocument {
  Session session;
  Recomputed recomputed;
};
[[nodiscard]] Result<RecomputedDocument> recompute_document(const nlohmann::ordered_json& document);

}  // namespace exitledger
