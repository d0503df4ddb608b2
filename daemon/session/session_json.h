// SPDX-License-Identifier: MIT
// A session as JSON: what out/demo/result.json, the HTTP interface, the store and a certificate hold.
//
// One form for all of them. 64-bit counts are JSON integers; the epoch is a hex string, since it is a name and no
// number. Keys come in a fixed order, so equal sessions give equal text. What a reader could derive is stated too
// (total, names, losses) and must be right when it is read back.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "model/result.h"
#include "model/session.h"

namespace exitledger {

/// {"id","name","vendor","paging","verdict","why","laws_broken":[{"law","reason","name","count"}],"losses":N,
///  "total":{"ebpf","leaf"},
///  "reasons":[{"number","name","ebpf","leaf","own","residual","verdict","why","raw":{"rounds":[{"cpu","ebpf_before",
///  "leaf","ebpf_after","window","own","question"}]}}],"pseudo":[the same for totals and flags],"time":{…},…}
///  `losses` counts the host's book, on which verdicts rest; `losses_by_cause` has all. `total` sums `reasons`. `exits`
///  is every exit that eBPF saw, also those after the last reading; `book` has them by dense index (bpf/exit_index.h).
///  `time`: session/time_json.h; `run`, `hypercalls`, `mmu`, `times_out` and `vms`: session/run_json.h.
[[nodiscard]] nlohmann::ordered_json to_json(const Session& session);

/// Strict: a field that is missing, of the wrong type or in contradiction to another is an Error that names its path
/// ("reasons[3].ebpf"). Unknown fields are ignored. Rounds come back ordered by row, then as they were.
[[nodiscard]] Result<Session> session_from_json(const nlohmann::ordered_json& json);

/// The same, but what contradicts itself is read all the same, and told.
struct SessionRead {
  Session session;
  std::vector<Error> contradictions;  ///< Error::object is the path, Error::detail what is wrong there
};
[[nodiscard]] Result<SessionRead> read_session(const nlohmann::ordered_json& json);

/// A session's document of an earlier exitledger with the names that to_json() gives today; of today's, itself.
[[nodiscard]] nlohmann::ordered_json with_names_of_today(nlohmann::ordered_json document);

/// "running", "ended" or "interrupted": `state` of a session.
[[nodiscard]] std::string_view state_of(const Session& session);

/// {"sessions":[…],"metrics":{"ept":"path of a scrape"}}
[[nodiscard]] nlohmann::ordered_json result_document(std::span<const Session> sessions,
                                                     const std::map<std::string, std::string>& metrics);

}  // namespace exitledger
