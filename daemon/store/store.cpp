// SPDX-License-Identifier: MIT
#include "store/store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "session/session_json.h"
#include "store/rounds.h"
#include "store/schema.h"

namespace exitledger {
namespace {

constexpr int kBusyMs = 2000;
constexpr std::string_view kFind = "find";
constexpr mode_t kDirectoryMode = 0750, kFileMode = 0640;

// `code`: an extended one. The file with the index of the log is made as large as it may become: a full disk shows
// there.
int errno_of(int code) {
  if (code == SQLITE_IOERR_SHMSIZE) return ENOSPC;
  switch (code & 0xFF) {
    case SQLITE_FULL: return ENOSPC;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return EBUSY;
    case SQLITE_PERM: return EACCES;
    default: return 0;
  }
}

// In a person's words where SQLite's own leave open what to do.
std::string words(const SQLite::Exception& error) {
  std::string said = error.what();
  switch (error.getErrorCode() & 0xFF) {
    case SQLITE_NOTADB: return "is no SQLite database: move it away, and a new store is made there";
    case SQLITE_CORRUPT: return "is damaged (" + said + "): sqlite3's .recover saves what can be read of it";
    case SQLITE_CANTOPEN:
      return "it, or the -wal and -shm beside it, cannot be opened (" + said + "): may this user write there?";
    default: return said;
  }
}

Failure failure(const std::string& operation, const std::filesystem::path& path, const SQLite::Exception& error) {
  return fail(operation, path.string(), words(error), errno_of(error.getExtendedErrorCode()));
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

// The session of the row. One that cannot be read is named: it is in the way of all others until it is deleted.
Result<Session> session_from_facts(const std::filesystem::path& path, const std::string& id, const std::string& facts) {
  const auto unreadable = [&](const std::string& why) {
    return fail("read store", fmt::format("{}, session {}", path.string(), id),
                fmt::format("{}; 'exitledger sessions delete {}' removes it", why, id));
  };
  const auto json = nlohmann::ordered_json::parse(facts, nullptr, false);
  if (json.is_discarded()) return unreadable("is no JSON");
  auto session = session_from_json(json);
  if (!session) return unreadable(session.error().message());
  return session;
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : ".";
}

// A file that root makes is of the directory's owner, or the daemon, which is not root, could not open it later. One
// that is there already keeps its owner: it may be somebody's link.
Result<UniqueFd> open_or_make(const std::filesystem::path& path) {
  UniqueFd made{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode)};
  if (!made) return errno == EEXIST ? open_file(path, O_RDWR) : fail_errno("open", path.string());
  struct stat directory {};
  if (geteuid() != 0 || stat(directory_of(path).c_str(), &directory) != 0) return made;
  if (fchown(made.get(), directory.st_uid, directory.st_gid) == 0) return made;
  const auto failed = fail_errno("chown", path.string());
  unlink(path.c_str());
  return failed;
}

// The one writer's lock. Not on the database itself: closing any descriptor of that would drop SQLite's own locks.
Result<UniqueFd> lock_for_writing(const std::filesystem::path& path) {
  auto lock = open_or_make(path.string() + ".lock");
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

// How SQLite is to open the file.
struct Opening {
  std::string name;
  int flags;
};

// In the form of a URI, '/' aside: https://sqlite.org/uri.html
std::string escaped(const std::string& path) {
  std::string result;
  for (const char c : path) result += c == '%' ? "%25" : c == '?' ? "%3f" : c == '#' ? "%23" : std::string{c};
  return result;
}

// To read a store with a write-ahead log, SQLite needs an index of that log beside it, which it makes if there is none.
// Who may not write in the directory, as members of the daemon's group, can read the file by itself instead: where
// nobody writes and no log is left, it is the whole store.
Opening opening(const std::filesystem::path& path, Store::Access access) {
  if (access == Store::Access::kWrite) return {path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  std::error_code error;
  const bool may_write = faccessat(AT_FDCWD, directory_of(path).c_str(), W_OK, AT_EACCESS) == 0;
  if (may_write || is_written(path) || std::filesystem::exists(path.string() + "-wal", error))
    return {path.string(), SQLite::OPEN_READONLY};
  return {"file:" + escaped(path.string()) + "?immutable=1", SQLite::OPEN_READONLY | SQLite::OPEN_URI};
}

void interrupt(Session& session, std::int64_t stored_unix_ns) {
  session.interrupted = true;
  session.ended_unix_ns = stored_unix_ns;
}

// Looks without writing. Error: why the file cannot be used.
Result<void> check(const std::filesystem::path& path, Store::Access access) {
  if (std::error_code error; std::filesystem::is_directory(path, error))
    return fail("open", path.string(), "a store is a file", EISDIR);
  if (std::error_code error; !std::filesystem::exists(path, error)) {
    if (access == Store::Access::kWrite && !error) return {};
    return fail("open", path.string(), "", error ? error.value() : ENOENT);
  }
  try {
    const auto [name, flags] = opening(path, Store::Access::kRead);
    const SQLite::Database database{name, flags, kBusyMs};
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

  // Runs `work` and makes an Error of what is thrown: by SQLite, or by the JSON library for text that is no UTF-8.
  template <typename Work>
  auto guarded(const std::string& operation, Work work) -> decltype(work()) {
    try {
      return work();
    } catch (const SQLite::Exception& error) {
      return failure(operation, path, error);
    } catch (const std::exception& error) {
      return fail(operation, path.string(), error.what());
    }
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
    if (auto made = open_or_make(path); !made) return tl::unexpected{made.error()};
  }
  if (auto checked = check(path, access); !checked) return tl::unexpected{checked.error()};
  try {
    const auto [name, flags] = opening(path, access);
    auto impl = std::make_unique<Impl>(Impl{path, std::move(lock), access == Access::kRead && !is_written(path),
                                            SQLite::Database{name, flags, kBusyMs}});
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
    SQLite::Statement rows{impl_->database, "SELECT facts, stored_unix_ns, id FROM sessions ORDER BY id"};
    while (rows.executeStep()) {
      auto session = session_from_facts(impl_->path, rows.getColumn(2).getString(), rows.getColumn(0).getString());
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
    if (!row.executeStep()) return no_session(id, impl_->path.string());
    auto session = session_from_facts(impl_->path, id, row.getColumn(0).getString());
    if (!session) return session;
    if (impl_->nobody_writes && session->running()) interrupt(*session, row.getColumn(1).getInt64());
    session->start = read_rounds(impl_->database, *number, kStartRounds);
    session->raw = read_rounds(impl_->database, *number, kNewestRounds);
    return session;
  });
}

// Not put(): a name is no news of the session, which ended when it was last stored if its writer is gone.
Result<void> Store::rename(const std::string& id, const std::string& name) {
  if (auto right = check_session_name(name); !right) return right;
  auto done = impl_->guarded("write store", [&]() -> Result<void> {
    SQLite::Statement row{impl_->database, "UPDATE sessions SET facts = json_set(facts, '$.name', ?2) WHERE id = ?1"};
    row.bind(1, number_of(id).value_or(0));
    row.bind(2, name);
    if (row.exec() == 0) return no_session(id, impl_->path.string());
    return {};
  });
  if (!done && done.error().detail.find("UNIQUE") != std::string::npos)
    return fail("name session " + id, name, "another session has that name");
  return done;
}

Result<void> Store::remove(const std::string& id) {
  return impl_->guarded("write store", [&]() -> Result<void> {
    SQLite::Statement row{impl_->database, "DELETE FROM sessions WHERE id = ?"};
    row.bind(1, number_of(id).value_or(0));
    if (row.exec() == 0) return no_session(id, impl_->path.string());
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

Failure no_session(const std::string& id, const std::string& where) {
  return fail(std::string{kFind}, "session " + id, where + " has none of that id");
}

bool is_no_session(const Error& error) { return error.operation == kFind; }

Result<void> check_session_name(const std::string& name) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  const bool right = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed) &&
                     !std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (right) return {};
  return fail("name session", name, "a name is 1 to 64 of A-Z a-z 0-9 . _ - and not a number");
}

}  // namespace exitledger
