// SPDX-License-Identifier: MIT
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <memory>

#include "export/listen_socket.h"

namespace exitledger {
namespace {

constexpr unsigned kHighestPort = 65535;

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port <= kHighestPort;
}

Result<Addresses> resolve(const TcpAddress& address, int family, const std::string& shown) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int status =
      ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(), address.port.c_str(), &hints, &list);
  if (status == EAI_SYSTEM) return fail_errno("listen", shown);
  if (status != 0) return fail("listen", shown, ::gai_strerror(status));
  return Addresses{list};
}

bool set_option(int fd, int level, int option, int value) {
  return ::setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

Result<ListenSocket> bind_one(const addrinfo& address, const std::string& shown) {
  ListenSocket socket;
  socket.fd.reset(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = socket.fd.get();
  if (fd < 0) return fail_errno("listen", shown);
  if (!set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return fail_errno("listen", shown, "SO_REUSEADDR");
  if (address.ai_family == AF_INET6) {
    // Only the wildcard takes IPv4 along; any other IPv6 address is just that one.
    const auto* const ipv6 = reinterpret_cast<const sockaddr_in6*>(address.ai_addr);
    const bool wildcard = IN6_IS_ADDR_UNSPECIFIED(&ipv6->sin6_addr);
    if (!set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, wildcard ? 0 : 1)) return fail_errno("listen", shown, "IPV6_V6ONLY");
  }
  if (::bind(fd, address.ai_addr, address.ai_addrlen) != 0) return fail_errno("listen", shown);
  if (::listen(fd, SOMAXCONN) != 0) return fail_errno("listen", shown);
  socket.address = bound_address(fd);
  return socket;
}

}  // namespace

Result<TcpAddress> parse_tcp_address(std::string_view text) {
  const auto refuse = [&](const char* detail) { return fail("parse", "address '" + std::string{text} + "'", detail); };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("HOST:PORT or :PORT expected");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (!is_port(port)) return refuse("the port is a number from 0 to 65535");
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.empty()) return refuse("nothing between the brackets");
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return refuse("an IPv6 address stands in brackets: [::1]:19435");
  }
  return TcpAddress{std::string{host}, std::string{port}};
}

Result<ListenSocket> listen_tcp(std::string_view text) {
  const std::string shown{text};
  const auto address = parse_tcp_address(text);
  if (!address) return Failure{address.error()};
  const bool everywhere = address->host.empty();
  const auto addresses = resolve(*address, everywhere ? AF_INET6 : AF_UNSPEC, shown);
  if (!addresses) return Failure{addresses.error()};
  auto socket = bind_one(**addresses, shown);
  const bool no_ipv6 = !socket && (socket.error().code == EAFNOSUPPORT || socket.error().code == EADDRNOTAVAIL);
  if (!everywhere || !no_ipv6) return socket;
  const auto ipv4 = resolve(*address, AF_INET, shown);
  if (!ipv4) return Failure{ipv4.error()};
  return bind_one(**ipv4, shown);
}

}  // namespace exitledger
