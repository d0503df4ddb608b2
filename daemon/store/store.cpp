// SPDX-License-Identifier: MIT
#include "store/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "session/session_json.h"
#include "store/rounds.h"
#include "store/schema.h"

namespace exitledger {
namespace {

constexpr int kBusyMs = 2000;
constexpr mode_t kDirectoryMode = 0750, kFileMode = 0640;

int errno_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL: return ENOSPC;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return EBUSY;
    case SQLITE_READONLY: return EROFS;
    case SQLITE_PERM: return EACCES;
    default: return 0;
  }
}

Failure failure(const std::string& operation, const std::filesystem::path& path, const SQLite::Exception& error) {
  return fail(operation, path.string(), error.what(), errno_of(error.getErrorCode()));
}

std::optional<std::int64_t> number_of(const std::string& id) {
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (code != std::errc{} || end != id.data() + id.size() || number < 1) return std::nullopt;
  return number;
}

// Everything but the rounds.
std::string facts_of(const Session& session) {
  Session facts = session;
  facts.raw.clear();
  facts.start.clear();
  return to_json(facts).dump();
}

Result<Session> session_from_facts(const std::string& facts) {
  const auto json = nlohmann::ordered_json::parse(facts, nullptr, false);
  if (json.is_discarded()) return fail("read session", "of the store", "is no JSON");
  return session_from_json(json);
}

// The one writer's lock. Not on the database itself: closing any descriptor of that would drop SQLite's own locks.
Result<UniqueFd> lock_for_writing(const std::filesystem::path& path) {
  auto lock = open_file(path.string() + ".lock", O_RDWR | O_CREAT, kFileMode);
  if (!lock) return lock;
  if (flock(lock->get(), LOCK_EX | LOCK_NB) != 0)
    return fail_errno("lock", path.string(), "another exitledger records there");
  return lock;
}

Result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  if (directory.empty() || std::filesystem::is_directory(directory, error)) return {};
  if (auto made = make_directory(directory.parent_path()); !made) return made;
  if (mkdir(directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST) return fail_errno("mkdir", directory.string());
  return {};
}

// Whether a process holds the store for writing. It may let go at any time: then its sessions have ended.
bool is_written(const std::filesystem::path& path) {
  const auto lock = open_file(path.string() + ".lock", O_RDONLY);
  return lock && flock(lock->get(), LOCK_SH | LOCK_NB) != 0;
}

void interrupt(Session& session, std::int64_t stored_unix_ns) {
  session.interrupted = true;
  session.ended_unix_ns = stored_unix_ns;
}

// Looks without writing. Error: why the file cannot be used.
Result<void> check(const std::filesystem::path& path, Store::Access access) {
  if (std::error_code error; !std::filesystem::exists(path, error)) {
    if (access == Store::Access::kWrite && !error) return {};
    return fail("open", path.string(), "", error ? error.value() : ENOENT);
  }
  try {
    const SQLite::Database database{path.string(), SQLite::OPEN_READONLY, kBusyMs};
    if (const std::string objection = schema::objection(database); !objection.empty())
      return fail("open store", path.string(), objection);
    if (access == Store::Access::kRead && schema::version(database) < schema::kVersion)
      return fail("open store", path.string(), "is of an older exitledger: 'exitledger serve' brings it up to date");
  } catch (const SQLite::Exception& error) {
    return failure("open store", path, error);
  }
  return {};
}

}  // namespace

struct Store::Impl {
  std::filesystem::path path;
  UniqueFd lock;
  bool nobody_writes;  ///< opened for reading while no writer was there: what runs was left behind
  SQLite::Database database;

  // Runs `work` and makes an Error of what SQLite throws.
  template <typename Work>
  auto guarded(const std::string& operation, Work work) -> decltype(work()) {
    try {
      return work();
    } catch (const SQLite::Exception& error) {
      return failure(operation, path, error);
    }
  }

  [[nodiscard]] Failure no_session(const std::string& operation, const std::string& id) const {
    return fail(operation, "session " + id, path.string() + " has none of that id");
  }
};

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;
const std::filesystem::path& Store::path() const { return impl_->path; }

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& path, Access access) {
  UniqueFd lock;
  if (access == Access::kWrite) {
    if (auto made = make_directory(path.parent_path()); !made) return tl::unexpected{made.error()};
    auto locked = lock_for_writing(path);
    if (!locked) return tl::unexpected{locked.error()};
    lock = std::move(*locked);
    if (auto made = open_file(path, O_RDWR | O_CREAT, kFileMode); !made) return tl::unexpected{made.error()};
  }
  if (auto checked = check(path, access); !checked) return tl::unexpected{checked.error()};
  const int flags = access == Access::kWrite ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE : SQLite::OPEN_READONLY;
  try {
    auto impl = std::make_unique<Impl>(Impl{path, std::move(lock), access == Access::kRead && !is_written(path),
                                            SQLite::Database{path.string(), flags, kBusyMs}});
    if (access == Access::kWrite) {
      impl->database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
      schema::migrate(impl->database);
    }
    return std::unique_ptr<Store>{new Store{std::move(impl)}};
  } catch (const SQLite::Exception& error) {
    return failure("open store", path, error);
  }
}

Result<void> Store::put(const Session& session) {
  const auto id = number_of(session.id);
  if (!id) return fail("store session", session.id, "ids are numbers from 1");
  return impl_->guarded("write store", [&]() -> Result<void> {
    SQLite::Transaction transaction{impl_->database};
    SQLite::Statement row{impl_->database,
                          "INSERT INTO sessions (id, facts, stored_unix_ns) VALUES (?1, ?2, ?3) "
                          "ON CONFLICT (id) DO UPDATE SET facts = ?2, stored_unix_ns = ?3"};
    row.bind(1, *id);
    row.bind(2, facts_of(session));
    row.bind(3, unix_now_ns());
    row.exec();
    write_rounds(impl_->database, *id, kStartRounds, session.start);
    write_rounds(impl_->database, *id, kNewestRounds, session.raw);
    transaction.commit();
    return {};
  });
}

Result<std::vector<Session>> Store::all() const {
  return impl_->guarded("read store", [&]() -> Result<std::vector<Session>> {
    std::vector<Session> sessions;
    SQLite::Statement rows{impl_->database, "SELECT facts, stored_unix_ns FROM sessions ORDER BY id"};
    while (rows.executeStep()) {
      auto session = session_from_facts(rows.getColumn(0).getString());
      if (!session) return tl::unexpected{session.error()};
      if (impl_->nobody_writes && session->running()) interrupt(*session, rows.getColumn(1).getInt64());
      sessions.push_back(std::move(*session));
    }
    return sessions;
  });
}

Result<Session> Store::get(const std::string& id) const {
  return impl_->guarded("read store", [&]() -> Result<Session> {
    const auto number = number_of(id);
    SQLite::Statement row{impl_->database, "SELECT facts, stored_unix_ns FROM sessions WHERE id = ?"};
    row.bind(1, number.value_or(0));
    if (!row.executeStep()) return impl_->no_session("read", id);
    auto session = session_from_facts(row.getColumn(0).getString());
    if (!session) return session;
    if (impl_->nobody_writes && session->running()) interrupt(*session, row.getColumn(1).getInt64());
    session->start = read_rounds(impl_->database, *number, kStartRounds);
    session->raw = read_rounds(impl_->database, *number, kNewestRounds);
    return session;
  });
}

Result<void> Store::rename(const std::string& id, const std::string& name) {
  if (auto right = check_session_name(name); !right) return right;
  auto session = get(id);
  if (!session) return tl::unexpected{session.error()};
  session->name = name;
  auto done = put(*session);
  if (!done && done.error().detail.find("UNIQUE") != std::string::npos)
    return fail("name session " + id, name, "another session has that name");
  return done;
}

Result<void> Store::remove(const std::string& id) {
  return impl_->guarded("write store", [&]() -> Result<void> {
    SQLite::Statement row{impl_->database, "DELETE FROM sessions WHERE id = ?"};
    row.bind(1, number_of(id).value_or(0));
    if (row.exec() == 0) return impl_->no_session("delete", id);
    return {};
  });
}

Result<std::uint64_t> Store::next_id() const {
  return impl_->guarded("read store", [&]() -> Result<std::uint64_t> {
    SQLite::Statement row{impl_->database, "SELECT seq FROM sqlite_sequence WHERE name = 'sessions'"};
    return row.executeStep() ? static_cast<std::uint64_t>(row.getColumn(0).getInt64()) + 1 : 1;
  });
}

Result<unsigned> Store::mark_interrupted() {
  return impl_->guarded("write store", [&]() -> Result<unsigned> {
    std::vector<std::pair<std::string, std::int64_t>> left;
    SQLite::Statement rows{impl_->database, "SELECT id, stored_unix_ns FROM sessions WHERE state = 'running'"};
    while (rows.executeStep()) left.emplace_back(rows.getColumn(0).getString(), rows.getColumn(1).getInt64());
    for (const auto& [id, stored] : left) {
      auto session = get(id);
      if (!session) return tl::unexpected{session.error()};
      interrupt(*session, stored);
      if (auto done = put(*session); !done) return tl::unexpected{done.error()};
    }
    return static_cast<unsigned>(left.size());
  });
}

Result<void> check_session_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  const bool right = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed) &&
                     !std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (right) return {};
  return fail("name session", name, "a name is 1 to 64 of A-Z a-z 0-9 . _ - and not a number");
}

}  // namespace exitledger
