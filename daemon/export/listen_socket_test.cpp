// SPDX-License-Identifier: MIT
#include "export/listen_socket.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "export/test_server.h"

namespace exitledger {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Spelling {
  const char* text;
  const char* host;
  const char* port;
};

TEST(TcpAddress, InPrometheusSpelling) {
  for (const Spelling& good : {Spelling{":19435", "", "19435"},
                               {"127.0.0.1:9876", "127.0.0.1", "9876"},
                               {"[::1]:9876", "::1", "9876"},
                               {"[fe80::1%eth0]:1", "fe80::1%eth0", "1"},
                               {"localhost:0", "localhost", "0"}}) {
    const auto address = parse_tcp_address(good.text);
    ASSERT_TRUE(address) << good.text;
    EXPECT_EQ(address->host, good.host);
    EXPECT_EQ(address->port, good.port);
  }
}

TEST(TcpAddress, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "9100", "::1:9100", ":", ":http", ":65536", ":-1", ":1x", "[]:1", "[::1]", "a:b:1", "[::1:1"}) {
    const auto address = parse_tcp_address(bad);
    ASSERT_FALSE(address) << bad;
    EXPECT_THAT(address.error().message(), HasSubstr("'" + std::string{bad} + "'"));
  }
}

TEST(ListenTcp, SaysWhichAddressIsTaken) {
  const auto first = listen_tcp("127.0.0.1:0");
  ASSERT_TRUE(first) << first.error().message();
  const auto second = listen_tcp(first->address);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_THAT(second.error().message(), HasSubstr(first->address));
}

TEST(ListenTcp, SaysWhichAddressIsNotThisMachines) {
  const auto socket = listen_tcp("192.0.2.1:0");
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, EADDRNOTAVAIL);
}

bool have_ipv6() { return listen_tcp("[::1]:0").has_value(); }

std::string served_at(const std::string& bound, const std::string& asked_host) {
  return asked_host + bound.substr(bound.rfind(':'));
}

class Served : public ::testing::Test {
 protected:
  Served() {
    router.get("/", [](const Request&) { return Response{.body = "here"}; });
  }
  std::unique_ptr<test::RunningServer> serve(Result<ListenSocket> socket) {
    std::vector<ListenSocket> sockets;
    sockets.push_back(std::move(socket).value());
    return std::make_unique<test::RunningServer>(router, std::move(sockets));
  }
  Router router{nullptr};
  test::TemporaryDirectory directory;
};

TEST_F(Served, OverIpv6Loopback) {
  if (!have_ipv6()) GTEST_SKIP() << "no IPv6 loopback on this machine";
  const auto server = serve(listen_tcp("[::1]:0"));
  EXPECT_THAT(server->address(), StartsWith("[::1]:"));
  EXPECT_EQ(test::body_of(test::ask(server->address(), "GET /")), "here");
}

TEST_F(Served, OverBothFamiliesWithoutAHost) {
  const auto server = serve(listen_tcp(":0"));
  EXPECT_EQ(test::body_of(test::ask(served_at(server->address(), "127.0.0.1"), "GET /")), "here");
  if (!have_ipv6()) GTEST_SKIP() << "IPv4 alone: no IPv6 loopback on this machine";
  EXPECT_EQ(test::body_of(test::ask(served_at(server->address(), "[::1]"), "GET /")), "here");
}

TEST_F(Served, UnixSocketHasItsModeItsDirectoryAndAnEnd) {
  const std::string path = directory.path() + "/run/exitledger/api.sock";
  {
    const mode_t before = ::umask(077);
    auto socket = listen_unix(path);
    ::umask(before);
    const auto server = serve(std::move(socket));
    struct stat status {};
    ASSERT_EQ(::lstat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0660U);
    EXPECT_EQ(test::body_of(test::ask(path, "GET /")), "here");
  }
  EXPECT_FALSE(std::filesystem::exists(path)) << "a stopped server leaves no socket behind";
}

TEST_F(Served, SocketThatAnswersIsNotTaken) {
  const std::string path = directory.path() + "/api.sock";
  const auto server = serve(listen_unix(path));
  const auto second = listen_unix(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_EQ(test::body_of(test::ask(path, "GET /")), "here");
}

TEST_F(Served, SocketLeftBehindIsReplaced) {
  const std::string path = directory.path() + "/api.sock";
  {
    const UniqueFd dead{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(::bind(dead.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof(address)), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  const auto server = serve(listen_unix(path));
  EXPECT_EQ(test::body_of(test::ask(path, "GET /")), "here");
}

TEST(ListenUnix, NeverRemovesWhatIsNoSocket) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/file";
  std::ofstream{path} << "precious";
  const auto socket = listen_unix(path);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, EADDRINUSE);
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST(ListenUnix, RefusesAPathThatDoesNotFit) {
  const auto socket = listen_unix("/tmp/" + std::string(200, 'x'));
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code, ENAMETOOLONG);
}

TEST(ListenUnix, LeavesASuccessorsSocketAlone) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/api.sock";
  auto first = listen_unix(path);
  ASSERT_TRUE(first);
  std::filesystem::rename(path, path + ".old");
  const auto second = listen_unix(path);
  ASSERT_TRUE(second);
  first = fail("end", "first", {});
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(AdoptSocket, OnlyAUnixSocketWithAFileIsLocal) {
  auto tcp = listen_tcp("127.0.0.1:0");
  ASSERT_TRUE(tcp);
  const auto adopted = adopt_socket(std::move(tcp->fd));
  ASSERT_TRUE(adopted) << adopted.error().message();
  EXPECT_FALSE(adopted->local);
  EXPECT_EQ(adopted->address, tcp->address);

  const test::TemporaryDirectory directory;
  auto unix = listen_unix(directory.path() + "/s");
  ASSERT_TRUE(unix);
  const auto local = adopt_socket(std::move(unix->fd));
  ASSERT_TRUE(local) << local.error().message();
  EXPECT_TRUE(local->local);
  EXPECT_EQ(local->address, directory.path() + "/s");
}

TEST(AdoptSocket, RefusesWhatEverybodyCouldUseAndWhatDoesNotListen) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "exitledger-test-" + std::to_string(::getpid());
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  UniqueFd abstract{::socket(AF_UNIX, SOCK_STREAM, 0)};
  ASSERT_EQ(::bind(abstract.get(), reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())),
            0);
  ASSERT_EQ(::listen(abstract.get(), 1), 0);
  const auto refused = adopt_socket(std::move(abstract));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("has no permissions"));

  EXPECT_FALSE(adopt_socket(UniqueFd{::socket(AF_INET, SOCK_STREAM, 0)})) << "it does not listen";
  EXPECT_FALSE(adopt_socket(UniqueFd{::socket(AF_INET, SOCK_DGRAM, 0)}));
}

}  // namespace
}  // namespace exitledger
