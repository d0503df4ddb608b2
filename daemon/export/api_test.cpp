// SPDX-License-Identifier: MIT
#include "export/api.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "export/api_parts.h"
#include "session/sessions_for_tests.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

class ApiTest : public testing::Test {
 protected:
  Books books_{BooksOptions{}, {}};  // attached to nothing: nothing is asked of the kernel
  Api api_{books_};
};

TEST_F(ApiTest, EveryRouteIsKnownByItsMethodAlone) {
  std::set<std::string> paths;
  for (const ApiRoute& route : Api::routes()) {
    const std::string path{route.path};
    EXPECT_TRUE(paths.insert(path).second) << path;
    EXPECT_NE(api_.call(std::string{route.method}, path, {}).status, 404) << path;
    const ApiAnswer other = api_.call(route.changes_something() ? "GET" : "POST", path, {});
    EXPECT_EQ(other.status, 405) << path;
    EXPECT_THAT(other.body.at("error").get<std::string>(), HasSubstr("takes " + std::string{route.method}));
  }
  EXPECT_EQ(paths.size(), 13U);
}

TEST_F(ApiTest, AnUnknownPathIs404) { EXPECT_EQ(api_.call("GET", "/api/v1/nothing", {}).status, 404); }

TEST_F(ApiTest, ANumberOutOfBoundsIs400) {
  for (const char* wrong : {"-1", "x", "1001", ""})
    EXPECT_EQ(api_.call("POST", "/api/v1/check", {{"rounds", wrong}}).status, 400) << wrong;
  for (const char* wrong : {"0", "1000001"})
    EXPECT_EQ(api_.call("POST", "/api/v1/calibrate", {{"count", wrong}}).status, 400) << wrong;
}

TEST(RecordedRunOf, IsUtf8OfABoundedLengthWhateverTheCommandWas) {
  const auto run = api::recorded_run(
      {{"command", "grep \xFF"}, {"experiment", "night\xC3"}, {"mode", "ept"}, {"number", "3"}, {"recorder", "9"}});
  ASSERT_TRUE(run) << run.error().message();
  EXPECT_EQ(run->command, "grep \xEF\xBF\xBD");
  EXPECT_EQ(run->experiment, "night\xEF\xBF\xBD");
  EXPECT_EQ(run->mode, "ept");
  EXPECT_EQ(run->number, 3U);
  EXPECT_FALSE(run->status);
  const auto cut = api::recorded_run({{"command", std::string(kLongestCommand - 1, 'x') + "\xC3\xBC and more"}});
  EXPECT_EQ(cut->command, std::string(kLongestCommand - 1, 'x'));
  EXPECT_FALSE(api::recorded_run({{"number", "-1"}}));
}

/// Sessions of daemons before this one.
class StoredSessions : public testing::Test {
 protected:
  void SetUp() override {
    auto store = Store::open(tree_.path() / "exitledger.db", Store::Access::kWrite);
    ASSERT_TRUE(store) << store.error().message();
    ASSERT_TRUE((*store)->put(ept_session()));
    ASSERT_TRUE((*store)->put(shadow_session()));
    recorder_ = std::make_unique<Recorder>(std::move(*store), std::chrono::hours{1}, Log{});
    api_ = std::make_unique<Api>(books_, recorder_.get());
  }
  [[nodiscard]] nlohmann::ordered_json sessions(const ApiParameters& parameters) const {
    return api_->call("GET", "/api/v1/sessions", parameters).body.at("sessions");
  }
  [[nodiscard]] int post(const std::string& path, const ApiParameters& parameters) const {
    return api_->call("POST", path, parameters).status;
  }

  TempTree tree_;
  Books books_{BooksOptions{}, {}};
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Api> api_;
};

TEST_F(StoredSessions, AreListedWithTheirRoundsUnlessAskedOtherwise) {
  const auto all = sessions({});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all.at(0).at("id"), "1");
  EXPECT_FALSE(all.at(0).at("rounds_without_row").empty());
  EXPECT_TRUE(sessions({{"raw", "0"}}).at(0).at("rounds_without_row").empty());
}

TEST_F(StoredSessions, AreFoundByNumberOrName) {
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "2"}, {"name", "night"}}), 200);
  const auto found = sessions({{"ids", "night"}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.at(0).at("id"), "2");
  EXPECT_EQ(sessions({{"ids", "1,night"}}).size(), 2U);
  EXPECT_TRUE(sessions({{"ids", "none"}}).empty());
}

TEST_F(StoredSessions, ANameIsOneSessionsAlone) {
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "1"}, {"name", "a"}}), 200);
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "2"}, {"name", "a"}}), 409);
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "2"}, {"name", "no blanks"}}), 400);
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "9"}, {"name", "b"}}), 404);
  EXPECT_EQ(post("/api/v1/record/begin", {{"name", "a"}}), 409) << "before anything is asked of the kernel";
}

TEST_F(StoredSessions, AStoreThatFailsIsNoSessionThatIsMissing) {
  SQLite::Database store{(tree_.path() / "exitledger.db").string(), SQLite::OPEN_READWRITE};
  store.exec(
      "CREATE TRIGGER a BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END;"
      "CREATE TRIGGER b BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'disk full'); END");
  EXPECT_EQ(post("/api/v1/sessions/name", {{"id", "1"}, {"name", "a"}}), 500);
  EXPECT_EQ(post("/api/v1/sessions/delete", {{"id", "1"}}), 500);
  EXPECT_EQ(post("/api/v1/sessions/delete", {{"id", "9"}}), 404);
  EXPECT_EQ(sessions({}).size(), 2U);
}

TEST_F(StoredSessions, AreDeletedForGood) {
  EXPECT_EQ(post("/api/v1/sessions/delete", {{"id", "1"}}), 200);
  EXPECT_EQ(post("/api/v1/sessions/delete", {{"id", "1"}}), 404);
  EXPECT_EQ(sessions({}).size(), 1U);
}

}  // namespace
}  // namespace exitledger
