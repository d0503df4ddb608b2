// SPDX-License-Identifier: MIT
// TLS and basic auth over real sockets; libcurl is the client.
#include <curl/curl.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

#include "export/test_server.h"

namespace exitledger {
namespace {

using ::testing::HasSubstr;

std::string content_of(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

struct Fetched {
  CURLcode code = CURLE_OK;
  long status = 0;
  std::string body;
};

Fetched fetch(const std::string& url, const std::string& ca, const std::string& user_and_password = {}) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{curl_easy_init(), &curl_easy_cleanup};
  Fetched result;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CAINFO, ca.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 20L);
  if (!user_and_password.empty()) curl_easy_setopt(curl.get(), CURLOPT_USERPWD, user_and_password.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &result.body);
  curl_easy_setopt(
      curl.get(), CURLOPT_WRITEFUNCTION, +[](char* data, size_t size, size_t count, std::string* into) {
        into->append(data, size * count);
        return size * count;
      });
  result.code = curl_easy_perform(curl.get());
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &result.status);
  return result;
}

class HttpSecurity : public ::testing::Test {
 protected:
  void SetUp() override {
    router.get("/metrics", [](const Request&) { return Response{200, "text/plain", "numbers\n", {}}; });
  }

  [[nodiscard]] WebConfig with_tls() const {
    EXPECT_TRUE(test::make_certificate(certificate(), key()));
    WebConfig web;
    web.tls = TlsConfig{content_of(certificate()), content_of(key()), false};
    return web;
  }
  [[nodiscard]] std::string certificate() const { return directory.path() + "/cert.pem"; }
  [[nodiscard]] std::string key() const { return directory.path() + "/key.pem"; }

  static std::vector<ListenSocket> loopback() {
    std::vector<ListenSocket> sockets;
    auto socket = listen_tcp("127.0.0.1:0");
    EXPECT_TRUE(socket);
    sockets.push_back(std::move(*socket));
    return sockets;
  }

  test::TemporaryDirectory directory;
  Router router{nullptr};
};

TEST_F(HttpSecurity, TlsIsSpokenAndPlainTextIsNot) {
  const test::RunningServer server{router, loopback(), {}, with_tls()};
  const Fetched fetched = fetch("https://" + server.address() + "/metrics", certificate());
  EXPECT_EQ(fetched.code, CURLE_OK) << curl_easy_strerror(fetched.code);
  EXPECT_EQ(fetched.body, "numbers\n");
  EXPECT_THAT(test::ask(server.address(), "GET /metrics"), ::testing::Not(HasSubstr("numbers")));
}

TEST_F(HttpSecurity, AKeyThatIsNoneIsAnError) {
  WebConfig web = with_tls();
  web.tls->key = "no key at all";
  auto server = HttpServer::create(router, {}, web);
  ASSERT_TRUE(server);
  auto sockets = loopback();
  const auto listening = (*server)->listen(std::move(sockets.front()));
  ASSERT_FALSE(listening);
  EXPECT_THAT(listening.error().message(), HasSubstr("start HTTPS server on 127.0.0.1:"));
}

TEST_F(HttpSecurity, WhoHasNoPasswordSeesNothing) {
  WebConfig web = with_tls();
  web.users["scraper"] = test::bcrypt("sesame");
  const test::RunningServer server{router, loopback(), {}, web};
  const std::string url = "https://" + server.address() + "/metrics";
  const Fetched nobody = fetch(url, certificate());
  EXPECT_EQ(nobody.status, 401);
  EXPECT_THAT(nobody.body, ::testing::Not(HasSubstr("numbers")));
  EXPECT_EQ(fetch(url, certificate(), "scraper:sesame").body, "numbers\n");
  EXPECT_EQ(fetch(url, certificate(), "scraper:wrong").status, 401);
  EXPECT_EQ(fetch(url, certificate(), "scraper:sesame").body, "numbers\n");
}

TEST_F(HttpSecurity, ARefusalSaysHowToAskAndComesBeforeThePath) {
  WebConfig web;
  web.users["scraper"] = test::bcrypt("sesame");
  const test::RunningServer server{router, loopback(), {}, web};
  EXPECT_THAT(test::ask(server.address(), "GET /absent"), HasSubstr("WWW-Authenticate: Basic realm=\"exitledger\""));
  EXPECT_THAT(test::ask(server.address(), "POST /metrics", "x"), HasSubstr("401"));
}

TEST_F(HttpSecurity, TheUnixSocketHasItsOwnPermissions) {
  WebConfig web = with_tls();
  web.users["scraper"] = test::bcrypt("sesame");
  std::vector<ListenSocket> sockets;
  auto socket = listen_unix(directory.path() + "/api.sock", std::nullopt);
  ASSERT_TRUE(socket) << socket.error().message();
  sockets.push_back(std::move(*socket));
  const test::RunningServer server{router, std::move(sockets), {}, web};
  EXPECT_EQ(test::body_of(test::ask(server.address(), "GET /metrics")), "numbers\n");
}

}  // namespace
}  // namespace exitledger
