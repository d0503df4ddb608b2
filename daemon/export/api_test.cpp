// SPDX-License-Identifier: MIT
#include "export/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

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
  EXPECT_EQ(paths.size(), 8U);
}

TEST_F(ApiTest, AnUnknownPathIs404) { EXPECT_EQ(api_.call("GET", "/api/v1/nothing", {}).status, 404); }

TEST_F(ApiTest, ANumberOutOfBoundsIs400) {
  for (const char* wrong : {"-1", "x", "1001", ""})
    EXPECT_EQ(api_.call("POST", "/api/v1/check", {{"rounds", wrong}}).status, 400) << wrong;
  for (const char* wrong : {"0", "1000001"})
    EXPECT_EQ(api_.call("POST", "/api/v1/calibrate", {{"count", wrong}}).status, 400) << wrong;
}

}  // namespace
}  // namespace exitledger
