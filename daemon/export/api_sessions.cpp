// SPDX-License-Identifier: MIT
// The API's part in sessions: those that the books keep, and those that the store kept of daemons before.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "export/api_parts.h"
#include "session/session_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
using api::error;
using api::number;
using api::text;

std::set<std::string> words(const std::string& text) {
  std::set<std::string> words;
  std::istringstream stream{text};
  for (std::string word; std::getline(stream, word, ',');) words.insert(word);
  return words;
}

// By ascending number.
bool is_before(const Session& a, const Session& b) {
  return a.id.size() != b.id.size() ? a.id.size() < b.id.size() : a.id < b.id;
}

Result<std::vector<Session>> all_sessions(Books& books, Recorder* recorder) {
  static_cast<void>(books.sample());
  std::vector<Session> sessions = books.sessions();
  if (recorder == nullptr) return sessions;
  auto stored = recorder->store().all();
  if (!stored) return stored;
  const auto is_kept = [&sessions](const Session& each) {
    return std::any_of(sessions.begin(), sessions.end(), [&](const Session& kept) { return kept.id == each.id; });
  };
  std::erase_if(*stored, is_kept);
  sessions.insert(sessions.end(), std::make_move_iterator(stored->begin()), std::make_move_iterator(stored->end()));
  std::sort(sessions.begin(), sessions.end(), is_before);
  return sessions;
}

// What the books keep has its rounds; what the store has is without.
Result<void> add_rounds(std::vector<Session>& sessions, const Books& books, Recorder* recorder) {
  const std::vector<Session> kept = books.sessions();
  for (Session& session : sessions) {
    const auto is_it = [&](const Session& each) { return each.id == session.id; };
    if (recorder == nullptr || std::any_of(kept.begin(), kept.end(), is_it)) continue;
    auto whole = recorder->store().get(session.id);
    if (!whole) return tl::unexpected{whole.error()};
    session = std::move(*whole);
  }
  return {};
}

auto find(const std::vector<Session>& sessions, const std::string& id) {
  return std::find_if(sessions.begin(), sessions.end(), [&](const Session& each) { return each.id == id; });
}

// Of a change that was asked for.
ApiAnswer failed(const Error& error) { return api::error(is_no_session(error) ? 404 : 500, error.message()); }

}  // namespace

ApiAnswer Api::sessions(const ApiParameters& parameters) {
  const auto raw = number(parameters, "raw", 1, 0, 1);
  if (!raw) return error(400, raw.error().message());
  auto sessions = all_sessions(books_, recorder_);
  if (!sessions) return error(500, sessions.error().message());
  if (const auto ids = words(text(parameters, "ids")); !ids.empty())
    std::erase_if(*sessions, [&](const Session& each) { return !ids.contains(each.id) && !ids.contains(each.name); });
  if (*raw == 1) {
    if (auto added = add_rounds(*sessions, books_, recorder_); !added) return error(500, added.error().message());
  } else {
    for (Session& session : *sessions) {
      session.raw.clear();
      session.start.clear();
    }
  }
  return {200, result_document(*sessions, {})};
}

void Api::record() {
  if (recorder_ == nullptr) return;
  if (recorder_->wants_sample()) static_cast<void>(books_.sample());
  recorder_->follow(books_.views());
}

// A recording that begins or ends is on disk when that is answered, if it can be; else the recorder goes on trying.
void Api::store_now() {
  if (recorder_ != nullptr) recorder_->follow(books_.views());
}

ApiAnswer Api::name_session(const ApiParameters& parameters) {
  const std::string id = text(parameters, "id"), name = text(parameters, "name");
  if (id.empty()) return error(400, "which session? id=ID");
  if (auto right = check_session_name(name); !right) return error(400, right.error().message());
  const auto all = all_sessions(books_, recorder_);
  if (!all) return error(500, all.error().message());
  for (const Session& each : *all)
    if (each.name == name && each.id != id) return error(409, "session " + each.id + " has the name " + name);
  const std::vector<Session> kept = books_.sessions();
  const auto found = find(kept, id);
  Result<void> stored;
  if (found == kept.end()) {
    stored = recorder_ != nullptr ? recorder_->store().rename(id, name) : no_session(id, "the daemon");
  } else if (recorder_ != nullptr) {
    Session named = *found;
    named.name = name;
    stored = recorder_->keep(named);
  }
  if (!stored) return failed(stored.error());
  books_.rename(id, name);
  return {200, Json{{"id", id}, {"name", name}}};
}

ApiAnswer Api::delete_session(const ApiParameters& parameters) {
  const std::string id = text(parameters, "id");
  if (id.empty()) return error(400, "which session? id=ID");
  const std::vector<Session> kept = books_.sessions();
  const auto found = find(kept, id);
  if (found != kept.end() && found->running()) return error(409, "session " + id + " is running");
  const auto stored = recorder_ != nullptr ? recorder_->store().remove(id) : no_session(id, "the daemon");
  // One that the books keep need not be in the store: no guest exited in it, or the disk was full.
  const bool only_kept = found != kept.end() && !stored && is_no_session(stored.error());
  if (!stored && !only_kept) return failed(stored.error());
  books_.forget(id);
  return {200, Json{{"deleted", id}}};
}

ApiAnswer Api::begin_recording(const ApiParameters& parameters) {
  auto run = api::recorded_run(parameters);
  if (!run) return error(400, run.error().message());
  const auto recorder = number(parameters, "recorder", 0, 0, 1U << 22);
  if (!recorder) return error(400, recorder.error().message());
  const std::string name = text(parameters, "name");
  if (!name.empty()) {
    if (auto right = check_session_name(name); !right) return error(400, right.error().message());
    const auto all = all_sessions(books_, recorder_);
    if (!all) return error(500, all.error().message());
    for (const Session& each : *all)
      if (each.name == name) return error(409, "session " + each.id + " has the name " + name);
  }
  const auto session = books_.begin_recording(std::move(*run), name, *recorder);
  if (!session) return error(503, session.error().message());
  store_now();
  return {200, to_json(*session)};
}

ApiAnswer Api::end_recording(const ApiParameters& parameters) {
  const auto status = number(parameters, "status", 0, 0, 255);
  if (!status) return error(400, status.error().message());
  const bool known = parameters.contains("status");
  const auto ended =
      books_.end_recording(text(parameters, "id"), known ? std::optional{static_cast<int>(*status)} : std::nullopt);
  if (!ended) return error(409, ended.error().message());
  store_now();
  const std::string not_stored = recorder_ != nullptr ? recorder_->broken_because() : "";
  return {200, Json{{"session", to_json(*ended)}, {"not_stored", not_stored}}};
}

}  // namespace exitledger
