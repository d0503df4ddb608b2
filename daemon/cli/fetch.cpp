// SPDX-License-Identifier: MIT
#include "cli/fetch.h"

#include <algorithm>

#include "cli/backend.h"

namespace exitledger::cli {

Result<std::vector<Session>> fetch_sessions(const Common& common) {
  auto backend = daemon_backend(common);
  if (!backend) return tl::unexpected{backend.error()};
  if (!*backend)
    return fail("ask for sessions on", common.api_socket,
                "nobody listens there: only a running 'exitledger serve' keeps sessions");
  const auto document = (*backend)->call("GET", "/api/v1/sessions", {});
  if (!document) return tl::unexpected{document.error()};
  std::vector<Session> sessions;
  for (const auto& each : document->at("sessions")) {
    auto session = session_from_json(each);
    if (!session) return tl::unexpected{session.error()};
    sessions.push_back(std::move(*session));
  }
  return sessions;
}

Result<Session> pick(const std::vector<Session>& sessions, const std::string& id_or_name) {
  for (const Session& session : sessions)
    if (session.id == id_or_name) return session;
  for (const Session& session : sessions)
    if (!session.name.empty() && session.name == id_or_name) return session;
  std::string known;
  for (const Session& session : sessions) known += (known.empty() ? "" : ", ") + session.id;
  return fail("find session", id_or_name, known.empty() ? "there is none yet" : "the sessions kept are " + known);
}

}  // namespace exitledger::cli
