// SPDX-License-Identifier: MIT
#include "export/router.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace exitledger {
namespace {

Request request(const std::string& method, const std::string& path, bool local = false) {
  return {.method = method, .path = path, .query = {}, .body = {}, .local = local};
}

class Routes : public ::testing::Test {
 protected:
  Routes() {
    router.get("/both", [](const Request&) { return Response{.body = "got"}; });
    router.post("/both", [](const Request&) { return Response{.body = "posted"}; });
  }
  std::string logged;
  Router router{[this](LogLevel, const std::string& line) { logged += line; }};
};

TEST_F(Routes, OnePathMayHaveBothMethods) {
  EXPECT_EQ(router.answer(request("GET", "/both")).body, "got");
  EXPECT_EQ(router.answer(request("HEAD", "/both")).body, "got");
  EXPECT_EQ(router.answer(request("POST", "/both", true)).body, "posted");
  const Response refused = router.answer(request("PUT", "/both"));
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.allow, "GET, HEAD, POST");
}

TEST_F(Routes, PostIsForLocalClients) {
  EXPECT_EQ(router.answer(request("POST", "/both")).status, 403);
  EXPECT_TRUE(router.wants_body(request("POST", "/both", true)));
  EXPECT_FALSE(router.wants_body(request("POST", "/both")));
  EXPECT_FALSE(router.wants_body(request("GET", "/both", true)));
}

TEST_F(Routes, MethodsAreCaseSensitive) { EXPECT_EQ(router.answer(request("get", "/both")).status, 405); }

TEST_F(Routes, ErrorsBelowApiAreJson) {
  const Response missing = router.answer(request("GET", "/api/v1/nothing"));
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.content_type, "application/json");
  EXPECT_EQ(nlohmann::json::parse(missing.body).at("error"), "not found");
  EXPECT_EQ(router.answer(request("GET", "/nothing")).body, "not found\n");
}

TEST_F(Routes, ErrorTextThatIsNoUtf8IsStillJson) {
  const Response response = error_response(request("GET", "/api/v1/x"), 400, "bad \xFF");
  EXPECT_TRUE(nlohmann::json::accept(response.body));
}

TEST_F(Routes, AnythingThrownIsA500) {
  router.get("/throws", [](const Request&) -> Response { throw 7; });
  EXPECT_EQ(router.answer(request("GET", "/throws")).status, 500);
  EXPECT_EQ(logged, "GET /throws: an exception of unknown type");
}

TEST(RequestParameter, IsTheFirstOfItsName) {
  const Request each{.method = "GET", .path = "/", .query = {{"a", "1"}, {"a", "2"}, {"empty", ""}}, .body = {}};
  EXPECT_EQ(each.parameter("a"), "1");
  EXPECT_EQ(each.parameter("empty"), "");
  EXPECT_EQ(each.parameter("b"), std::nullopt);
}

}  // namespace
}  // namespace exitledger
