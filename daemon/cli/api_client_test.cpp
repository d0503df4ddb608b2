// SPDX-License-Identifier: MIT
// The client against the real server on a socket of its own.
#include "cli/api_client.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <fstream>

#include "export/test_server.h"
#include "model/session_facts.h"

namespace exitledger {
namespace {

using ::testing::HasSubstr;

class Client : public ::testing::Test {
 protected:
  Client() : path(directory.path() + "/api.sock") {
    router.get("/api/v1/sessions", [](const Request& request) {
      return Response{.content_type = "application/json",
                      .body = "{\"limit\":\"" + request.parameter("limit").value_or("") + "\"}"};
    });
    router.get("/text", [](const Request&) { return Response{.body = "no JSON"}; });
    router.get("/large", [](const Request&) { return Response{.body = "\"" + std::string(4096, 'x') + "\""}; });
    router.post("/api/v1/echo", [](const Request& request) { return Response{.body = request.body}; });
    std::vector<ListenSocket> sockets;
    sockets.push_back(listen_unix(path).value());
    server = std::make_unique<test::RunningServer>(router, std::move(sockets));
  }

  test::TemporaryDirectory directory;
  std::string path;
  Router router{nullptr};
  std::unique_ptr<test::RunningServer> server;
};

TEST_F(Client, GetsJson) {
  const auto answer = ApiClient{path}.get("/api/v1/sessions?limit=2");
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->at("limit"), "2");
}

TEST_F(Client, PostsJson) {
  const nlohmann::json body{{"seconds", 30}, {"text", std::string(5000, 'y')}};
  const auto answer = ApiClient{path}.post("/api/v1/echo", body);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(*answer, body);
}

TEST_F(Client, PassesOnTheDaemonsWords) {
  const auto answer = ApiClient{path}.get("/api/v1/nothing");
  ASSERT_FALSE(answer);
  EXPECT_FALSE(is_no_daemon(answer.error()));
  EXPECT_THAT(answer.error().message(), HasSubstr("status 404: not found"));
}

TEST_F(Client, NamesARequestWithoutItsQuery) {
  const std::string query = with_query("", {{"command", "sh -c 'a long one'"}});
  for (const char* wrong : {"/api/v1/nothing", "/text"}) {
    const auto answer = ApiClient{path}.get(wrong + query);
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message(), HasSubstr("request " + std::string{wrong} + ": "));
  }
}

TEST_F(Client, ACommandAsLongAsOneCanBeKeptIsTaken) {
  const std::string command(kLongestCommand, '\xFC');  // each byte is three in a query
  EXPECT_TRUE(ApiClient{path}.get(with_query("/api/v1/sessions", {{"command", command}, {"limit", "2"}})));
}

TEST_F(Client, RefusesWhatIsNoJsonOrTooLarge) {
  const auto text = ApiClient{path}.get("/text");
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error().message(), HasSubstr("not JSON"));
  const auto large = ApiClient{path, ApiClient::Limits{.body_bytes = 1000}}.get("/large");
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().message(), HasSubstr("too large"));
}

TEST_F(Client, IgnoresTheEnvironmentsProxy) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  EXPECT_TRUE(ApiClient{path}.get("/api/v1/sessions"));
  ::unsetenv("http_proxy");
}

TEST(NoDaemon, IsToldFromErrors) {
  const test::TemporaryDirectory directory;
  const auto missing = ApiClient{directory.path() + "/api.sock"}.get("/");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ENOENT);
  EXPECT_TRUE(is_no_daemon(missing.error()));

  const std::string left_behind = directory.path() + "/dead.sock";
  std::ofstream{left_behind};  // connect(2) to what nobody listens at: ECONNREFUSED
  const auto refused = ApiClient{left_behind}.get("/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ECONNREFUSED);
  EXPECT_TRUE(is_no_daemon(refused.error()));
}

TEST(NoDaemon, IsNotAnAnswerThatDoesNotCome) {
  const test::TemporaryDirectory directory;
  const auto silent = listen_unix(directory.path() + "/api.sock");  // takes connections, says nothing
  ASSERT_TRUE(silent);
  const auto answer = ApiClient{silent->address, ApiClient::Limits{.total = std::chrono::milliseconds{200}}}.get("/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ETIMEDOUT);
  EXPECT_FALSE(is_no_daemon(answer.error()));
}

}  // namespace
}  // namespace exitledger
