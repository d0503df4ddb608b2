// SPDX-License-Identifier: MIT
// exitledger sessions: what is kept of them.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "cli/backend.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/session_text.h"
#include "session/compare.h"
#include "store/store.h"

namespace exitledger::cli {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::string day_and_time(std::int64_t unix_ns) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(unix_ns / kNsPerSecond)));
}

// Through the daemon that owns the store, or, without one, in the store itself.
Result<void> change(const Common& common, const std::string& path, const ApiParameters& parameters,
                    Result<void> (*in_store)(Store& store, const ApiParameters& parameters)) {
  auto backend = daemon_backend(common);
  if (!backend) return tl::unexpected{backend.error()};
  if (*backend) {
    const auto done = (*backend)->call("POST", path, parameters);
    return done ? Result<void>{} : tl::unexpected{done.error()};
  }
  auto store = Store::open(common.storage_path, Store::Access::kWrite);
  if (!store) return tl::unexpected{store.error()};
  return in_store(**store, parameters);
}

}  // namespace

int run_sessions_list(const Common& common, const SessionsListOptions& options) {
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  if (options.json) {
    fmt::print("{}\n", result_document(*sessions, {}).dump(2));
    return 0;
  }
  fmt::print("{:>4}  {:<24} {:<19}  {:<8} {:<11} {:>16} {:>16}  {:<14} {}\n", "id", "name", "began (UTC)", "paging",
             "state", "eBPF exits", "judged", "verdict", "why");
  for (const Session& session : *sessions)
    fmt::print("{:>4}  {:<24} {:<19}  {:<8} {:<11} {:>16} {:>16}  {:<14} {}\n", session.id, session.name,
               day_and_time(session.started_unix_ns), to_string(session.paging), state_of(session),
               grouped(session.ebpf.all()), grouped(judged_exits(session)), to_string(session.verdict), session.why);
  return 0;
}

int run_sessions_show(const Common& common, const SessionsShowOptions& options) {
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  const auto session = pick(*sessions, options.id);
  if (!session) return complain(session.error());
  if (options.json)
    fmt::print("{}\n", to_json(*session).dump(2));
  else
    print_session(*session);
  return exit_status(judged(*session));
}

int run_sessions_export(const Common& common, const SessionsExportOptions& options) {
  auto sessions = fetch_with_rounds(common, options.ids);
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

int run_sessions_name(const Common& common, const SessionsNameOptions& options) {
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  const auto session = pick(*sessions, options.id);
  if (!session) return complain(session.error());
  const auto done = change(common, "/api/v1/sessions/name", {{"id", session->id}, {"name", options.name}},
                           [](Store& store, const ApiParameters& parameters) {
                             return store.rename(parameters.at("id"), parameters.at("name"));
                           });
  return done ? 0 : complain(done.error());
}

int run_sessions_delete(const Common& common, const SessionsDeleteOptions& options) {
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  std::vector<std::string> ids;  // all are known before the first is deleted
  for (const std::string& each : options.ids) {
    const auto session = pick(*sessions, each);
    if (!session) return complain(session.error());
    ids.push_back(session->id);
  }
  for (const std::string& id : ids)
    if (const auto done =
            change(common, "/api/v1/sessions/delete", {{"id", id}},
                   [](Store& store, const ApiParameters& parameters) { return store.remove(parameters.at("id")); });
        !done)
      return complain(done.error());
  return 0;
}

}  // namespace exitledger::cli
