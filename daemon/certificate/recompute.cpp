// SPDX-License-Identifier: MIT
#include "certificate/recompute.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "certificate/certificate.h"
#include "certificate/recompute_parts.h"
#include "session/session_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kDifferences = 5;  // told; the rest follows from them

std::string short_dump(const Json& json) { return fitted(canonical(json), 80); }

/// Where two documents differ, the first few places. `made`: what a session with the stated values looks like.
void compare(const Json& stated, const Json& made, const std::string& path, Recomputed& into) {
  if (stated == made || into.refuted.size() >= kDifferences) return;
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  if (stated.is_object() && made.is_object()) {
    for (const auto& [key, value] : stated.items()) {
      if (const auto other = made.find(key); other != made.end())
        compare(value, *other, below(key), into);
      else
        into.refuted.push_back({below(key), "is nothing that a session has"});
    }
    for (const auto& [key, value] : made.items())
      if (!stated.contains(key)) into.refuted.push_back({below(key), "is missing"});
  } else if (stated.is_array() && made.is_array() && stated.size() == made.size()) {
    for (std::size_t i = 0; i < stated.size(); ++i) compare(stated[i], made[i], fmt::format("{}[{}]", path, i), into);
  } else {
    into.refuted.push_back(
        {path, fmt::format("states {}, the rest of the document gives {}", short_dump(stated), short_dump(made))});
  }
}

}  // namespace

std::vector<std::string> row_paths(const Session& session) {
  std::vector<std::string> paths;
  std::size_t reasons = 0, pseudo = 0;
  for (const ReasonVerdict& row : session.reasons)
    paths.push_back(is_summand(row.reason) ? fmt::format("reasons[{}]", reasons++)
                                           : fmt::format("pseudo[{}]", pseudo++));
  return paths;
}

Recomputed recompute(const Session& session) {
  Findings findings;
  check_rounds(session, findings);
  // What is no session's rounds has no verdict.
  if (!findings.refuted()) check_verdicts(session, findings);
  check_laws(session, findings);
  check_labels(session, findings);
  check_book(session, findings);
  check_third_witness(session, findings);
  check_hypercalls(session, findings);
  check_time(session, findings);
  check_times_out(session, findings);
  return findings.take();
}

Result<RecomputedDocument> recompute_document(const Json& document) {
  auto read = read_session(document);
  if (!read) return tl::unexpected{read.error()};
  RecomputedDocument result{std::move(read->session), {}};
  for (const Error& each : read->contradictions) result.recomputed.refuted.push_back({each.object, each.detail});
  Recomputed found = recompute(result.session);
  result.recomputed.untold = std::move(found.untold);
  std::move(found.refuted.begin(), found.refuted.end(), std::back_inserter(result.recomputed.refuted));
  if (result.recomputed.refuted.empty())
    compare(with_names_of_today(document), to_json(result.session), "", result.recomputed);
  return result;
}

}  // namespace exitledger
