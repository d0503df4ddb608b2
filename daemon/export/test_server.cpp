// SPDX-License-Identifier: MIT
#include "export/test_server.h"

#include <arpa/inet.h>
#include <crypt.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace exitledger::test {
namespace {

constexpr timeval kPatience{10, 0};

UniqueFd connect_socket(int family, const sockaddr* address, socklen_t length) {
  UniqueFd fd{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!fd) return fd;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
  if (::connect(fd.get(), address, length) != 0) fd.reset();
  return fd;
}

template <typename Address>
UniqueFd connect_socket(const Address& address) {
  return connect_socket(static_cast<const sockaddr*>(static_cast<const void*>(&address))->sa_family,
                        static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof(address));
}

}  // namespace

TemporaryDirectory::TemporaryDirectory()
    : path_((std::filesystem::temp_directory_path() / "exitledger-test-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error{"mkdtemp " + path_};
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

RunningServer::RunningServer(const Router& router, std::vector<ListenSocket> sockets, HttpLimits limits, WebConfig web)
    : stop_(::eventfd(0, EFD_CLOEXEC)) {
  auto server = HttpServer::create(router, limits, std::move(web));
  if (!server) throw std::runtime_error{server.error().message()};
  server_ = std::move(*server);
  for (ListenSocket& socket : sockets) {
    if (const auto listening = server_->listen(std::move(socket)); !listening)
      throw std::runtime_error{listening.error().message()};
  }
  addresses_ = server_->addresses();
  thread_ = std::thread{[this] { loop(); }};
}

RunningServer::~RunningServer() {
  ::eventfd_write(stop_.get(), 1);
  thread_.join();
}

void RunningServer::loop() {
  std::array<pollfd, 2> fds{{{stop_.get(), POLLIN, 0}, {server_->event_fd(), POLLIN, 0}}};
  while (fds[0].revents == 0) {
    const auto timeout = server_->timeout();
    ::poll(fds.data(), fds.size(), timeout ? static_cast<int>(timeout->count()) : -1);
    server_->run();
  }
}

UniqueFd connect_to(const std::string& address) {
  if (address.starts_with('/')) {
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    std::memcpy(path.sun_path, address.data(), address.size());
    return connect_socket(path);
  }
  const auto parsed = parse_tcp_address(address);
  if (!parsed) return UniqueFd{};
  const auto port = htons(static_cast<std::uint16_t>(std::stoul(parsed->port)));
  if (address.starts_with('[')) {
    sockaddr_in6 ipv6{};
    ipv6.sin6_family = AF_INET6;
    ipv6.sin6_port = port;
    ::inet_pton(AF_INET6, parsed->host.c_str(), &ipv6.sin6_addr);
    return connect_socket(ipv6);
  }
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = port;
  ::inet_pton(AF_INET, parsed->host.c_str(), &ipv4.sin_addr);
  return connect_socket(ipv4);
}

bool send_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return false;
    sent += static_cast<std::size_t>(now);
  }
  return true;
}

std::string read_to_end(int fd) {
  std::string all;
  std::array<char, 65536> block{};
  for (ssize_t got = 0; (got = ::recv(fd, block.data(), block.size(), 0)) > 0;)
    all.append(block.data(), static_cast<std::size_t>(got));
  return all;
}

std::string ask(const std::string& address, const std::string& method_and_path, const std::string& body) {
  const UniqueFd fd = connect_to(address);
  if (!fd) return {};
  std::string request = method_and_path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n";
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  send_all(fd.get(), request + "\r\n" + body);
  return read_to_end(fd.get());
}

std::string bcrypt(const std::string& password) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> salt{};
  std::array<char, 16> random{"not so random 1"};
  ::crypt_gensalt_rn("$2b$", 4, random.data(), random.size(), salt.data(), salt.size());
  const auto work = std::make_unique<crypt_data>();
  return ::crypt_r(password.c_str(), salt.data(), work.get());
}

bool make_certificate(const std::string& certificate, const std::string& key) {
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
      "-subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout " +
      key + " -out " + certificate + " 2>/dev/null";
  return std::system(command.c_str()) == 0;  // NOLINT(cert-env33-c): a test, with paths of its own
}

std::string body_of(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string{} : answer.substr(end + 4);
}

}  // namespace exitledger::test
