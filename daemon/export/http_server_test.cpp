// SPDX-License-Identifier: MIT
// Real requests over loopback and over a unix socket.
#include "export/http_server.h"

#include <gmock/gmock.h>

#include <mutex>
#include <stdexcept>

#include "export/test_server.h"

namespace exitledger {
namespace {

using test::ask;
using test::body_of;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kBodyLimit = 1024;

class Http : public ::testing::Test {
 protected:
  Http() {
    router.get("/hello", [](const Request& request) {
      return Response{.body = "hello " + request.parameter("who").value_or("nobody")};
    });
    router.get("/large", [](const Request&) { return Response{.body = std::string(8 << 20, 'x')}; });
    router.get("/throws", [](const Request&) -> Response { throw std::runtime_error{"secret"}; });
    router.post("/echo", [](const Request& request) { return Response{.body = request.body}; });
    auto tcp = listen_tcp("127.0.0.1:0");
    auto local = listen_unix(directory.path() + "/api.sock");
    if (!tcp || !local) throw std::runtime_error{"no sockets to test with"};
    std::vector<ListenSocket> sockets;
    sockets.push_back(std::move(*tcp));
    sockets.push_back(std::move(*local));
    server = std::make_unique<test::RunningServer>(router, std::move(sockets), HttpLimits{.body_bytes = kBodyLimit});
  }
  [[nodiscard]] const std::string& tcp() const { return server->address(0); }
  [[nodiscard]] const std::string& local() const { return server->address(1); }

  test::TemporaryDirectory directory;
  std::mutex mutex;
  std::vector<std::string> logged;
  Router router{[this](LogLevel, const std::string& line) {
    const std::lock_guard lock{mutex};
    logged.push_back(line);
  }};
  std::unique_ptr<test::RunningServer> server;
};

TEST_F(Http, AnswersOverTcp) {
  const std::string answer = ask(tcp(), "GET /hello?who=a%20b");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_EQ(body_of(answer), "hello a b");
}

TEST_F(Http, AnswersOverTheUnixSocket) { EXPECT_EQ(body_of(ask(local(), "GET /hello?who=you&who=me")), "hello you"); }

TEST_F(Http, HeadHasTheHeadersOfGetAndNoBody) {
  const std::string answer = ask(tcp(), "HEAD /hello");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 12\r\n"));
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(Http, SeveralRequestsOnOneConnection) {
  const UniqueFd fd = test::connect_to(tcp());
  ASSERT_TRUE(fd);
  const std::string head = " HTTP/1.1\r\nHost: test\r\n";
  ASSERT_TRUE(test::send_all(fd.get(),
                             "GET /hello?who=1" + head + "\r\nGET /hello?who=2" + head + "Connection: close\r\n\r\n"));
  const std::string answers = test::read_to_end(fd.get());
  EXPECT_THAT(answers, HasSubstr("hello 1"));
  EXPECT_THAT(answers, HasSubstr("hello 2"));
}

TEST_F(Http, LargeAnswersArriveWhole) { EXPECT_EQ(body_of(ask(tcp(), "GET /large")).size(), std::size_t{8} << 20); }

TEST_F(Http, OnlyExactPathsAreFound) {
  for (const char* path : {"GET /", "GET /hellox", "GET /hello/", "GET /hello/x"})
    EXPECT_THAT(ask(tcp(), path), StartsWith("HTTP/1.1 404 ")) << path;
}

TEST_F(Http, OtherMethodsAreRefusedWithWhatIsAllowed) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
    const std::string answer = ask(tcp(), std::string{method} + " /hello");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD\r\n")) << method;
  }
  EXPECT_THAT(ask(local(), "GET /echo"), HasSubstr("Allow: POST\r\n"));
}

TEST_F(Http, PostReachesItsHandlerThroughTheUnixSocketOnly) {
  EXPECT_EQ(body_of(ask(local(), "POST /echo", "{\"a\":1}")), "{\"a\":1}");
  EXPECT_THAT(ask(tcp(), "POST /echo", "{\"a\":1}"), StartsWith("HTTP/1.1 403 "));
}

TEST_F(Http, BodiesAreLimited) {
  EXPECT_EQ(body_of(ask(local(), "POST /echo", std::string(kBodyLimit, 'x'))).size(), kBodyLimit);
  const UniqueFd announced = test::connect_to(local());
  ASSERT_TRUE(announced);
  test::send_all(announced.get(), "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1025\r\n\r\n");
  EXPECT_THAT(test::read_to_end(announced.get()), StartsWith("HTTP/1.1 413 "));
}

TEST_F(Http, AnUnannouncedLargeBodyEndsTheConnection) {
  const UniqueFd fd = test::connect_to(local());
  ASSERT_TRUE(fd);
  const std::string chunk = "400\r\n" + std::string(1024, 'x') + "\r\n";
  test::send_all(fd.get(), "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk +
                               "0\r\n\r\n");
  EXPECT_THAT(test::read_to_end(fd.get()), Not(HasSubstr(" 200 ")));
  EXPECT_THAT(ask(local(), "GET /hello"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Http, AThrowingHandlerIsA500AndIsLoggedButNotShown) {
  const std::string answer = ask(tcp(), "GET /throws");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, Not(HasSubstr("secret")));
  const std::lock_guard lock{mutex};
  EXPECT_THAT(logged, ::testing::ElementsAre("GET /throws: secret"));
}

TEST_F(Http, FortyHalfOpenConnectionsDoNotKeepAScrapeFromCompleting) {
  std::vector<UniqueFd> half_open;
  for (int i = 0; i < 40; ++i) {
    half_open.push_back(test::connect_to(tcp()));
    ASSERT_TRUE(half_open.back());
    ASSERT_TRUE(test::send_all(half_open.back().get(), "GET /hello HTTP/1.1\r\nHost: te"));
  }
  EXPECT_EQ(body_of(ask(tcp(), "GET /hello")), "hello nobody");
  EXPECT_EQ(body_of(ask(local(), "GET /hello")), "hello nobody");
  // They were open all the while: each can still finish its request.
  for (const UniqueFd& fd : half_open) {
    ASSERT_TRUE(test::send_all(fd.get(), "st\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ(body_of(test::read_to_end(fd.get())), "hello nobody");
  }
}

TEST_F(Http, AClientThatDoesNotReadKeepsNobodyWaiting) {
  const UniqueFd lazy = test::connect_to(tcp());
  ASSERT_TRUE(lazy);
  ASSERT_TRUE(test::send_all(lazy.get(), "GET /large HTTP/1.1\r\nHost: test\r\n\r\n"));
  EXPECT_EQ(body_of(ask(tcp(), "GET /hello")), "hello nobody");
}

TEST_F(Http, FullTcpListenerDoesNotLockOutTheUnixSocket) {
  std::vector<UniqueFd> clients;
  for (unsigned i = 0; i < HttpLimits{}.connections + 10; ++i) clients.push_back(test::connect_to(tcp()));
  EXPECT_EQ(body_of(ask(local(), "GET /hello")), "hello nobody");
}

TEST(HttpLifetime, IdleConnectionsAreClosed) {
  Router router{nullptr};
  auto socket = listen_tcp("127.0.0.1:0");
  ASSERT_TRUE(socket);
  std::vector<ListenSocket> sockets;
  sockets.push_back(std::move(*socket));
  const test::RunningServer server{router, std::move(sockets), HttpLimits{.idle_timeout = std::chrono::seconds{1}}};
  const UniqueFd idle = test::connect_to(server.address());
  ASSERT_TRUE(idle);
  test::send_all(idle.get(), "GET /");
  char byte = 0;
  // 0 is the server's end of the connection; -1 would be the test's own patience running out.
  EXPECT_EQ(::read(idle.get(), &byte, 1), 0);
}

}  // namespace
}  // namespace exitledger
