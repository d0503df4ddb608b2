// SPDX-License-Identifier: MIT
#include "store/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "session/session_json.h"
#include "session/sessions_for_tests.h"
#include "store/store.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

std::string one(SQLite::Database& database, const std::string& sql) {
  SQLite::Statement query{database, sql};
  return query.executeStep() ? query.getColumn(0).getString() : "";
}

// A store of schema 1 with one session, as that schema's exitledger left it.
void write_version_1(const std::filesystem::path& path) {
  SQLite::Database database{path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  schema::migrate(database);
  database.exec("DROP VIEW session_list; DROP VIEW session_reasons; PRAGMA user_version = 1");
  Session session = ept_session();
  session.raw.clear();
  for (const Reason reason : {vmx::kCpuid, vmx::kIo})
    session.time.reasons.push_back({.reason = reason, .leaf_cycles = UINT64_MAX, .why = "short"});
  session.times_out = TimesOut{{vmx::kCpuid, {3, 4000}}};
  session.run = {"true", "night", "ept", 1, 0};
  auto facts = to_json(session);
  facts["run"].erase("cut_short");
  facts.erase("start_without_row");
  for (auto& time : facts["time"]["reasons"]) time.erase("raw");
  for (auto& time : facts["times_out"]) {
    time.erase("user_ns");
    time.erase("scheduled_out_ns");
  }
  SQLite::Statement row{database, "INSERT INTO sessions (id, facts, stored_unix_ns) VALUES (1, ?, 5)"};
  row.bind(1, facts.dump());
  row.exec();
}

TEST(Schema, AnOlderStoreIsBroughtUpWithAllThatItHolds) {
  const TempTree tree;
  const auto path = tree.path() / "exitledger.db";
  write_version_1(path);
  EXPECT_FALSE(Store::open(path, Store::Access::kRead)) << "a reader changes nothing";
  {
    const auto store = Store::open(path, Store::Access::kWrite);
    ASSERT_TRUE(store) << store.error().message();
    const auto session = (*store)->get("1");
    ASSERT_TRUE(session) << session.error().message();
    EXPECT_EQ(session->reasons.size(), ept_session().reasons.size());
    EXPECT_EQ(session->times_out->at(vmx::kCpuid).sum_ns, 4000U);
    EXPECT_EQ(session->run->status, 0);
    EXPECT_FALSE(session->run->cut_short);
    EXPECT_EQ(session->time.reasons.size(), 2U);
    EXPECT_EQ(session->time.reasons[1].leaf_cycles, UINT64_MAX) << "numbers stay as they were";
  }
  SQLite::Database database{path.string(), SQLite::OPEN_READWRITE};
  EXPECT_EQ(schema::version(database), schema::kVersion);
  EXPECT_EQ(one(database, "SELECT leaf FROM session_reasons WHERE session = 1 AND name = 'CPUID'"), "1735");
  EXPECT_EQ(one(database, "SELECT paging || ' ' || verdict FROM session_list"), "ept agrees");
}

TEST(Schema, AStepThatFailsLeavesTheStoreAsItWas) {
  SQLite::Database database{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  database.exec("CREATE TABLE rounds (x); PRAGMA user_version = 0");
  EXPECT_THROW(schema::migrate(database), SQLite::Exception);
  EXPECT_EQ(schema::version(database), 0);
  EXPECT_EQ(one(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'sessions'"), "0");
}

}  // namespace
}  // namespace exitledger
