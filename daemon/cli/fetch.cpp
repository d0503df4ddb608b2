// SPDX-License-Identifier: MIT
#include "cli/fetch.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "cli/backend.h"
#include "store/store.h"

namespace exitledger::cli {

namespace {

Result<std::vector<Session>> sessions_in(const nlohmann::json& document) {
  std::vector<Session> sessions;
  for (const auto& each : document.at("sessions")) {
    auto session = session_from_json(each);
    if (!session) return tl::unexpected{session.error()};
    sessions.push_back(std::move(*session));
  }
  return sessions;
}

Result<std::unique_ptr<Store>> stored(const Common& common) {
  const std::string nobody = "nobody listens on " + common.api_socket + ", and ";
  if (common.storage_path.empty()) return fail("read sessions of", "no daemon", nobody + "there is no store");
  auto store = Store::open(common.storage_path, Store::Access::kRead);
  if (!store && store.error().code == ENOENT)
    return fail("read sessions in", common.storage_path, nobody + "there is no such store", ENOENT);
  return store;
}

}  // namespace

Result<std::vector<Session>> fetch_sessions(const Common& common) {
  auto backend = daemon_backend(common);
  if (!backend) return tl::unexpected{backend.error()};
  if (*backend) {
    const auto document = (*backend)->call("GET", "/api/v1/sessions", {{"raw", "0"}});
    return document ? sessions_in(*document) : tl::unexpected{document.error()};
  }
  const auto store = stored(common);
  if (!store) return tl::unexpected{store.error()};
  return (*store)->all();
}

Result<std::vector<Session>> fetch_with_rounds(const Common& common, const std::vector<std::string>& ids) {
  auto backend = daemon_backend(common);
  if (!backend) return tl::unexpected{backend.error()};
  if (*backend) {
    const auto document = (*backend)->call(
        "GET", "/api/v1/sessions",
        ids.empty() ? ApiParameters{} : ApiParameters{{"ids", fmt::format("{}", fmt::join(ids, ","))}});
    return document ? sessions_in(*document) : tl::unexpected{document.error()};
  }
  const auto store = stored(common);
  if (!store) return tl::unexpected{store.error()};
  auto all = (*store)->all();
  if (!all) return all;
  std::vector<Session> chosen;
  for (const Session& each : *all) {
    const auto is_it = [&](const std::string& id) { return id == each.id || id == each.name; };
    if (!ids.empty() && std::none_of(ids.begin(), ids.end(), is_it)) continue;
    auto whole = (*store)->get(each.id);
    if (!whole) return tl::unexpected{whole.error()};
    chosen.push_back(std::move(*whole));
  }
  return chosen;
}

Result<Session> pick(const std::vector<Session>& sessions, const std::string& id_or_name) {
  for (const Session& session : sessions)
    if (session.id == id_or_name) return session;
  for (const Session& session : sessions)
    if (!session.name.empty() && session.name == id_or_name) return session;
  std::string known;
  for (const Session& session : sessions)
    known += (known.empty() ? "" : ", ") + session.id + (session.name.empty() ? "" : " (" + session.name + ")");
  return fail("find session", id_or_name, known.empty() ? "there is none yet" : "the sessions kept are " + known);
}

}  // namespace exitledger::cli
