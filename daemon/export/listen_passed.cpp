// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "export/listen_socket.h"

namespace exitledger {
namespace {

bool has_option(int fd, int option, int wanted) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

std::string unix_path(const sockaddr_storage& storage, socklen_t length) {
  const auto& address = reinterpret_cast<const sockaddr_un&>(storage);
  const std::size_t head = offsetof(sockaddr_un, sun_path);
  if (length <= head) return "unix";
  const std::string path{address.sun_path, length - head};
  return path.front() == '\0' ? "@" + path.substr(1) : path.substr(0, path.find('\0'));
}

std::string name_of(const sockaddr_storage& storage, socklen_t length) {
  if (storage.ss_family == AF_UNIX) return unix_path(storage, length);
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&storage), length, host.data(), host.size(), port.data(),
                    port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return {};
  const std::string name{host.data()};
  return (storage.ss_family == AF_INET6 ? "[" + name + "]" : name) + ":" + port.data();
}

}  // namespace

std::string bound_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return {};
  return name_of(storage, length);
}

Result<ListenSocket> adopt_socket(UniqueFd fd) {
  const std::string number = "descriptor " + std::to_string(fd.get());
  if (!has_option(fd.get(), SO_TYPE, SOCK_STREAM) || !has_option(fd.get(), SO_ACCEPTCONN, 1))
    return fail("take", number, "it is no stream socket that listens");
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0 || ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0)
    return fail_errno("take", number);
  ListenSocket socket;
  socket.local = has_option(fd.get(), SO_DOMAIN, AF_UNIX);
  socket.address = bound_address(fd.get());
  if (socket.local && !socket.address.starts_with('/'))
    return fail("take", number, "a unix socket without a file has no permissions: everybody could use it", EPERM);
  socket.fd = std::move(fd);
  return socket;
}

}  // namespace exitledger
