// SPDX-License-Identifier: MIT
// exitledger sessions: what is kept of them.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.h"
#include "certificate/certificate.h"
#include "certificate/recompute.h"
#include "cli/backend.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/input_file.h"
#include "cli/session_text.h"
#include "cli/streams.h"
#include "model/units.h"
#include "store/store.h"

namespace exitledger::cli {
namespace {

std::string day_and_time(std::int64_t unix_ns) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}",
                     fmt::gmtime(static_cast<std::time_t>(unix_ns / kNsPerSecond<std::int64_t>)));
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

// Ids of the session, or of an experiment's, in the order of its runs.
Result<std::vector<std::string>> named(const std::vector<Session>& sessions, const std::string& what) {
  std::vector<std::string> ids;
  const auto one = pick(sessions, what);
  if (one) return std::vector{one->id};
  for (const Session& session : sessions)
    if (session.run && session.run->experiment == what) ids.push_back(session.id);
  if (ids.empty()) return tl::unexpected{one.error()};
  return ids;
}

// Each once. All are known before the first is deleted, unless one that cannot be read is in the way: then by numbers
// alone.
Result<std::set<std::string>> to_delete(const Common& common, const std::vector<std::string>& wanted) {
  const auto is_number = [](const std::string& word) {
    return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
  };
  const auto sessions = fetch_sessions(common);
  if (!sessions) {
    if (!std::all_of(wanted.begin(), wanted.end(), is_number)) return tl::unexpected{sessions.error()};
    return std::set(wanted.begin(), wanted.end());
  }
  std::set<std::string> ids;
  for (const std::string& each : wanted) {
    const auto session = pick(*sessions, each);
    if (!session) return tl::unexpected{session.error()};
    ids.insert(session->id);
  }
  return ids;
}

int print_certificate(const std::vector<Session>& sessions, const std::string& key_file) {
  if (sessions.empty())
    return complain({"certify", "sessions", 0, "there is none yet, and a certificate needs at least one"});
  for (const Session& session : sessions)
    if (const auto refuted = recompute(session).refuted; !refuted.empty())
      return complain({"certify", "session " + session.id, 0,
                       fmt::format("verify would refute it: {} {}; was it kept by an older exitledger?",
                                   refuted.front().path, refuted.front().what)});
  const std::string content = certificate_content(sessions);
  std::optional<Signature> signature;
  if (!key_file.empty()) {
    const auto pem = read_input(key_file);
    if (!pem) return complain(pem.error());
    auto made = sign(content, *pem, key_file);
    if (!made) return complain(made.error());
    signature = std::move(*made);
  }
  for (const Session& session : sessions)
    if (session.running()) log_line(fmt::format("session {} is running: certified as it is now", session.id));
  fmt::print("{}\n", certificate(content, signature));
  return 0;
}

}  // namespace

int run_sessions_list(const Common& common, const SessionsListOptions& options) {
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  if (options.json) {
    fmt::print("{}\n", result_document(*sessions, {}).dump(2));
    return 0;
  }
  std::size_t width = 24;
  for (const Session& session : *sessions) width = std::max(width, session.name.size());
  print_line("{:>4}  {:<{}} {:<19}  {:<8} {:<11} {:>16} {:>16}  {:<14} {}", "id", "name", width, "began (UTC)",
             "paging", "state", "eBPF exits", "judged", "verdict", "why");
  for (const Session& session : *sessions)
    print_line("{:>4}  {:<{}} {:<19}  {:<8} {:<11} {:>16} {:>16}  {:<14} {}", session.id, session.name, width,
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
  const auto sessions = fetch_sessions(common);
  if (!sessions) return complain(sessions.error());
  std::vector<std::string> ids;
  for (const std::string& each : options.ids) {
    const auto found = named(*sessions, each);
    if (!found) return complain(found.error());
    ids.insert(ids.end(), found->begin(), found->end());
  }
  const auto whole = fetch_with_rounds(common, ids);
  if (!whole) return complain(whole.error());
  std::vector<Session> chosen;
  for (const std::string& id : ids) {
    auto session = pick(*whole, id);
    if (!session) return complain(session.error());
    chosen.push_back(std::move(*session));
  }
  if (ids.empty()) chosen = *whole;
  if (options.certificate) return print_certificate(chosen, options.sign);
  fmt::print("{}\n", result_document(chosen, options.metrics).dump(2));
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
  const auto ids = to_delete(common, options.ids);
  if (!ids) return complain(ids.error());
  for (const std::string& id : *ids)
    if (const auto done =
            change(common, "/api/v1/sessions/delete", {{"id", id}},
                   [](Store& store, const ApiParameters& parameters) { return store.remove(parameters.at("id")); });
        !done)
      return complain(done.error());
  return 0;
}

}  // namespace exitledger::cli
