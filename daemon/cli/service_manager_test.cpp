// SPDX-License-Identifier: MIT
#include "cli/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace exitledger::cli {
namespace {

/// What systemd is to a service: a datagram socket in $NOTIFY_SOCKET.
class Notified : public testing::Test {
 protected:
  void SetUp() override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
    socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  }
  void TearDown() override {
    std::filesystem::remove(path_);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  [[nodiscard]] std::string next() const {
    std::array<char, 256> buffer{};
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    return size < 0 ? "nothing" : std::string{buffer.data(), static_cast<std::size_t>(size)};
  }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("exitledger-notify-" + std::to_string(::getpid()));
  UniqueFd socket_;
};

TEST_F(Notified, IsToldOfBeginningChangeAndEnd) {
  ServiceManager manager;
  manager.ready();
  EXPECT_EQ(next(), "READY=1");
  manager.status("one");
  EXPECT_EQ(next(), "STATUS=one");
  manager.status("one");
  EXPECT_EQ(next(), "nothing");
  manager.status("two");
  EXPECT_EQ(next(), "STATUS=two");
  manager.stopping();
  EXPECT_EQ(next(), "STOPPING=1");
}

TEST_F(Notified, WithoutAWatchdogNoSignOfLifeIsSent) {
  const ServiceManager manager;
  EXPECT_FALSE(manager.alive_every());
  manager.alive();
  EXPECT_EQ(next(), "nothing");
}

TEST_F(Notified, TheWatchdogIsFedTwiceWithinItsTime) {
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  const ServiceManager manager;
  EXPECT_EQ(manager.alive_every(), std::chrono::milliseconds{1500});
  manager.alive();
  EXPECT_EQ(next(), "WATCHDOG=1");
}

TEST(ServiceManager, WithoutSystemdNothingHappens) {
  ServiceManager manager;
  manager.ready();
  manager.status("one");
  manager.alive();
  EXPECT_FALSE(manager.alive_every());
}

TEST(PassedSockets, NoneIsAnErrorThatSaysWhatIsMissing) {
  const auto none = passed_sockets();
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message().find("--web.systemd-socket"), std::string::npos);
}

}  // namespace
}  // namespace exitledger::cli
