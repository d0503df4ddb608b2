// SPDX-License-Identifier: MIT
// exitledger sessions: what the daemon keeps.
#include <fmt/format.h>

#include <algorithm>

#include "cli/backend.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "session/compare.h"

namespace exitledger::cli {

int run_sessions_list(const Common& common, const SessionsListOptions& options) {
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  if (options.json) {
    fmt::print("{}\n", result_document(*sessions, {}).dump(2));
    return 0;
  }
  fmt::print("{:>4}  {:<8} {:<8} {:>16} {:>16}  {:<16} {}\n", "id", "paging", "state", "eBPF exits", "judged",
             "verdict", "why");
  for (const Session& session : *sessions)
    fmt::print("{:>4}  {:<8} {:<8} {:>16} {:>16}  {:<16} {}\n", session.id, to_string(session.paging),
               session.running() ? "running" : "ended", grouped(session.ebpf.all()), grouped(judged_exits(session)),
               to_string(session.verdict), session.why);
  return 0;
}

int run_sessions_export(const Common& common, const SessionsExportOptions& options) {
  auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  std::vector<Session> chosen;
  for (const std::string& id : options.ids) {
    auto session = pick(*sessions, id);
    if (!session) return complain(session.error());
    chosen.push_back(std::move(*session));
  }
  fmt::print("{}\n", result_document(options.ids.empty() ? *sessions : chosen, options.metrics).dump(2));
  return 0;
}

}  // namespace exitledger::cli
