// SPDX-License-Identifier: MIT
#include "store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "session/session_json.h"
#include "session/sessions_for_tests.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class StoreTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return tree_.path() / "var" / "lib" / "exitledger.db"; }
  std::unique_ptr<Store> open(Store::Access access = Store::Access::kWrite) {
    auto store = Store::open(path(), access);
    EXPECT_TRUE(store) << store.error().message();
    return store ? std::move(*store) : nullptr;
  }
  [[nodiscard]] std::string bytes() const {
    std::ostringstream text;
    text << std::ifstream{path(), std::ios::binary}.rdbuf();
    return text.str();
  }
  /// Why the store cannot be opened; the file must be the same afterwards.
  [[nodiscard]] std::string refusal() const {
    const std::string before = bytes();
    const auto store = Store::open(path(), Store::Access::kWrite);
    EXPECT_FALSE(store);
    EXPECT_EQ(bytes(), before);
    return store ? "" : store.error().message();
  }
  /// SQL by a stranger's hand.
  void execute(const char* sql) const {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &raw), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(raw, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(raw);
    sqlite3_close(raw);
  }

  TempTree tree_;
};

std::string text_of(const Session& session) { return to_json(session).dump(); }

TEST_F(StoreTest, ASessionComesBackWhole) {
  Session session = ept_session();
  session.raw[2].ebpf_after = UINT64_MAX;
  session.start = {session.raw[3], session.raw[1]};
  session.run = {"true", "night", "ept", 1, 0};
  {
    const auto store = open();
    ASSERT_TRUE(store->put(session));
    ASSERT_TRUE(store->put(shadow_session()));
    session.why = "written twice";
    ASSERT_TRUE(store->put(session));
  }
  const auto store = open(Store::Access::kRead);
  const auto read = store->get("1");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(text_of(*read), text_of(session));
  const auto all = store->all();
  ASSERT_TRUE(all);
  ASSERT_THAT(*all, SizeIs(2));
  EXPECT_THAT(all->front().raw, IsEmpty());
  EXPECT_EQ(all->front().reasons.size(), session.reasons.size());
  EXPECT_FALSE(store->get("3"));
}

TEST_F(StoreTest, IdsAreNeverUsedTwice) {
  const auto store = open();
  EXPECT_EQ(store->next_id().value(), 1U);
  ASSERT_TRUE(store->put(shadow_session()));
  EXPECT_EQ(store->next_id().value(), 3U);
  ASSERT_TRUE(store->remove("2"));
  EXPECT_EQ(store->next_id().value(), 3U);
  EXPECT_FALSE(store->remove("2"));
}

TEST_F(StoreTest, NamesAreOneSessionsOwn) {
  const auto store = open();
  ASSERT_TRUE(store->put(ept_session()));
  ASSERT_TRUE(store->put(shadow_session()));
  ASSERT_TRUE(store->rename("1", "night-1"));
  EXPECT_EQ(store->get("1")->name, "night-1");
  const auto taken = store->rename("2", "night-1");
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error().message(), HasSubstr("another session has that name"));
  EXPECT_EQ(store->get("2")->name, "");
  EXPECT_FALSE(store->rename("9", "a"));
  for (const char* wrong : {"", "12", "a b", "ept/1", "x\n"}) EXPECT_FALSE(store->rename("2", wrong)) << wrong;
}

// Of what is left of a killed daemon: it ended when it was last stored, not when somebody named it.
TEST_F(StoreTest, ANameIsNoNewsOfTheSession) {
  Session session = ept_session();
  session.ended_unix_ns = 0;
  ASSERT_TRUE(open()->put(session));
  const std::int64_t ended = open(Store::Access::kRead)->get("1")->ended_unix_ns;
  ASSERT_TRUE(open()->rename("1", "night"));
  const auto store = open();
  EXPECT_EQ(store->mark_interrupted().value(), 1U);
  const auto read = store->get("1");
  EXPECT_EQ(read->name, "night");
  EXPECT_EQ(read->ended_unix_ns, ended);
  EXPECT_EQ(read->raw.size(), session.raw.size());
}

TEST_F(StoreTest, TellsASessionThatIsNotThereFromAStoreThatFails) {
  const auto store = open();
  ASSERT_TRUE(store->put(ept_session()));
  EXPECT_TRUE(is_no_session(store->get("9").error()));
  EXPECT_TRUE(is_no_session(store->rename("9", "a").error()));
  EXPECT_TRUE(is_no_session(store->remove("9").error()));
  execute("CREATE TRIGGER full BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  const auto removed = store->remove("1");
  ASSERT_FALSE(removed);
  EXPECT_FALSE(is_no_session(removed.error()));
  EXPECT_THAT(removed.error().message(), HasSubstr("disk full"));
}

TEST_F(StoreTest, TextThatIsNoUtf8IsAnErrorThatNamesTheFile) {
  const auto store = open();
  Session session = ept_session();
  session.run = {"grep \xFF", "", "", 0, {}};
  const auto put = store->put(session);
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().message(), HasSubstr(path().string()));
  EXPECT_THAT(store->all().value(), IsEmpty());
  EXPECT_TRUE(store->put(shadow_session())) << "the store goes on";
}

TEST_F(StoreTest, WhatAKilledDaemonLeftIsMarked) {
  Session session = ept_session();
  session.ended_unix_ns = 0;
  {
    const auto store = open();
    ASSERT_TRUE(store->put(session));
    ASSERT_TRUE(store->put(shadow_session()));
  }
  EXPECT_TRUE(open(Store::Access::kRead)->get("1")->interrupted) << "a reader sees that nobody writes";
  const auto store = open();
  EXPECT_FALSE(open(Store::Access::kRead)->get("1")->interrupted) << "somebody does";
  EXPECT_EQ(store->mark_interrupted().value(), 1U);
  const auto read = store->get("1");
  EXPECT_TRUE(read->interrupted);
  EXPECT_GT(read->ended_unix_ns, session.started_unix_ns);
  EXPECT_EQ(read->raw.size(), session.raw.size());
  EXPECT_FALSE(store->get("2")->interrupted);
  EXPECT_EQ(store->mark_interrupted().value(), 0U);
}

TEST_F(StoreTest, OneWriterManyReaders) {
  const auto writer = open();
  ASSERT_TRUE(writer->put(ept_session()));
  const auto second = Store::open(path(), Store::Access::kWrite);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EWOULDBLOCK);
  const auto reader = open(Store::Access::kRead);
  ASSERT_TRUE(writer->put(shadow_session()));
  EXPECT_THAT(reader->all().value(), SizeIs(2));
}

/// One who may read the store and write nothing there, as a member of the daemon's group.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& directory) {
    namespace fs = std::filesystem;
    for (const auto& each : fs::directory_iterator{directory}) fs::permissions(each.path(), fs::perms(0444));
    for (fs::path each = directory; each != fs::temp_directory_path(); each = each.parent_path())
      fs::permissions(each, fs::perms(0555));
    if (root_) become(kNobody);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (root_) become(0);
  }

 private:
  static constexpr uid_t kNobody = 65534;
  static void become(uid_t user) { EXPECT_EQ(seteuid(user), 0); }
  bool root_ = geteuid() == 0;
};

TEST_F(StoreTest, IsReadWhereNothingCanBeWritten) {
  ASSERT_TRUE(open()->put(ept_session()));
  ASSERT_FALSE(std::filesystem::exists(path().string() + "-wal")) << "closed cleanly";
  const Reader reader{path().parent_path()};
  const auto store = open(Store::Access::kRead);
  ASSERT_TRUE(store);
  EXPECT_EQ(store->get("1")->reasons.size(), ept_session().reasons.size());
  const auto written = store->remove("1");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message(), HasSubstr("readonly database"));
}

TEST_F(StoreTest, IsReadWhereNothingCanBeWrittenAndSomebodyElseWrites) {
  const auto writer = open();
  ASSERT_TRUE(writer->put(ept_session()));
  const Reader reader{path().parent_path()};
  const auto store = open(Store::Access::kRead);
  ASSERT_TRUE(store);
  EXPECT_THAT(store->all().value(), SizeIs(1)) << "it is in the log alone";
}

TEST_F(StoreTest, IsReadWhereNothingCanBeWrittenAndADaemonWasKilled) {
  const TempTree copy;
  {
    const auto writer = open();
    ASSERT_TRUE(writer->put(ept_session()));
    for (const char* end : {"", "-wal", "-shm", ".lock"})
      std::filesystem::copy_file(path().string() + end, copy.path() / (std::string{"100%?#.db"} + end));
  }
  const Reader reader{copy.path()};
  const auto store = Store::open(copy.path() / "100%?#.db", Store::Access::kRead);
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_THAT((*store)->all().value(), SizeIs(1)) << "it is in the log alone";
}

// The daemon is not root, and writes into the same store.
TEST_F(StoreTest, WhatRootMakesIsTheDirectorysOwners) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: makes files of another user";
  constexpr uid_t kDaemon = 65533;
  std::filesystem::create_directories(path().parent_path());
  ASSERT_EQ(chown(path().parent_path().c_str(), kDaemon, kDaemon), 0);
  const auto store = open();
  ASSERT_TRUE(store->put(ept_session()));
  for (const char* end : {"", "-wal", "-shm", ".lock"}) {
    struct stat file {};
    ASSERT_EQ(stat((path().string() + end).c_str(), &file), 0) << end;
    EXPECT_EQ(file.st_uid, kDaemon) << end;
    EXPECT_EQ(file.st_gid, kDaemon) << end;
  }
}

TEST_F(StoreTest, WhatIsThereKeepsItsOwner) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: makes files of another user";
  std::filesystem::create_directories(path().parent_path());
  tree_.write("shadow", "");
  std::filesystem::create_symlink(tree_.path() / "shadow", path().string() + ".lock");
  ASSERT_EQ(chown(path().parent_path().c_str(), 65533, 65533), 0);
  const auto store = open();
  struct stat file {};
  ASSERT_EQ(stat((tree_.path() / "shadow").c_str(), &file), 0);
  EXPECT_EQ(file.st_uid, 0U);
}

TEST_F(StoreTest, ADamagedFileIsRefusedAndLeftAsItIs) {
  {
    const auto store = open();
    for (int id = 1; id <= 20; ++id) {
      Session session = ept_session();
      session.id = std::to_string(id);
      ASSERT_TRUE(store->put(session));
    }
  }
  {
    std::fstream file{path(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4096 * 3);
    file << std::string(4096 * 2, '\x5a');
  }
  EXPECT_THAT(refusal(), HasSubstr("damaged"));
}

TEST_F(StoreTest, WhatIsNoStoreIsRefusedAndLeftAsItIs) {
  std::filesystem::create_directories(path().parent_path());
  std::ofstream{path()} << "these are notes of somebody's, in a file of the wrong name\n";
  EXPECT_THAT(refusal(), HasSubstr("is no SQLite database: move it away"));
  std::filesystem::remove(path());
  execute("CREATE TABLE mine (a)");
  EXPECT_THAT(refusal(), HasSubstr("of another program"));
}

TEST_F(StoreTest, ANewerSchemaIsRefusedAndLeftAsItIs) {
  ASSERT_TRUE(open()->put(ept_session()));
  execute("PRAGMA user_version = 99");
  EXPECT_THAT(refusal(), HasSubstr("newer exitledger (schema 99"));
}

TEST_F(StoreTest, ASessionThatCannotBeReadIsNamedAndCanBeDeleted) {
  const auto store = open();
  ASSERT_TRUE(store->put(ept_session()));
  const std::string id = ept_session().id;
  execute("UPDATE sessions SET facts = '{}'");
  for (const Error& error : {store->all().error(), store->get(id).error()})
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr(path().string()), HasSubstr("session " + id), HasSubstr("sessions delete " + id)));
  EXPECT_TRUE(store->remove(id));
  EXPECT_TRUE(store->all());
}

TEST_F(StoreTest, ADirectoryIsNoStore) {
  std::filesystem::create_directories(path());
  EXPECT_EQ(Store::open(path(), Store::Access::kRead).error().code, EISDIR);
}

TEST_F(StoreTest, AnAbsentStoreIsNoEmptyOne) {
  const auto store = Store::open(path(), Store::Access::kRead);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ENOENT);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

}  // namespace
}  // namespace exitledger
