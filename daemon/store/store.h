// SPDX-License-Identifier: MIT
// Sessions on disk: one SQLite file (WAL) that outlives the daemon.
//
// A session is one row: its JSON (session/session_json.h) without the rounds, and the rounds in a table of their own.
// Everything that can be asked in SQL (name, verdict, counts per reason) is derived from that JSON by generated columns
// and views (schema.cpp), so nothing is stated twice.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/result.h"
#include "model/session.h"

namespace exitledger {

/// Not thread-safe. One process at a time may hold a store for writing; readers are never in its way. Every Error
/// names the file; its code is ENOSPC where the disk is full, EBUSY where another process writes.
class Store {
 public:
  enum class Access : std::uint8_t { kRead, kWrite };

  /// kWrite makes the file, and its directory (mode 0750), if there is none, and brings an older schema up to this one.
  /// What root makes belongs to the directory's owner. What still runs in a store that nobody writes is shown as
  /// interrupted, to readers too. kRead needs no right to write in the directory where the last writer closed the
  /// store, or one is at work.
  /// Error, with the file untouched: it is damaged, is no store, or was written by a newer exitledger; kRead: there is
  /// none (ENOENT), or it is of an older schema.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& path, Access access);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Writes the session as it stands, in one transaction: all of it or nothing. Sessions are told apart by id, a
  /// number.
  [[nodiscard]] Result<void> put(const Session& session);
  /// All sessions without their rounds (Session::raw and ::start are empty), by ascending id.
  [[nodiscard]] Result<std::vector<Session>> all() const;
  /// One session with its rounds. Error: see is_no_session().
  [[nodiscard]] Result<Session> get(const std::string& id) const;
  /// Changes nothing else of the session. Error: see is_no_session(); another one has that name.
  [[nodiscard]] Result<void> rename(const std::string& id, const std::string& name);
  /// Removes a session for good. Error: see is_no_session().
  [[nodiscard]] Result<void> remove(const std::string& id);

  /// Larger than every id ever stored, also of sessions that were removed.
  [[nodiscard]] Result<std::uint64_t> next_id() const;
  /// What still runs was left by a writer that is gone: ends it as of the time when it was last written. Returns how
  /// many.
  [[nodiscard]] Result<unsigned> mark_interrupted();

  [[nodiscard]] const std::filesystem::path& path() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// No session of that id in `where`, and whether an Error says that: else the store itself failed.
[[nodiscard]] Failure no_session(const std::string& id, const std::string& where);
[[nodiscard]] bool is_no_session(const Error& error);

/// A session's name: 1 to 64 of A-Z a-z 0-9 . _ -, not a number (those are ids), '/' is for experiments. Error says so.
[[nodiscard]] Result<void> check_session_name(const std::string& name);

}  // namespace exitledger
