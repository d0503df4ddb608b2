// SPDX-License-Identifier: MIT
// Sockets that wait for clients: TCP in Prometheus' spelling, and the unix socket of the subcommands.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger {

/// Host and port of an address. An empty host is every address of the machine.
struct TcpAddress {
  std::string host;
  std::string port;
};

/// Splits ":9100", "127.0.0.1:9876", "[::1]:9876", "localhost:9876". Error: no port, a port beyond 65535, an IPv6
/// address without brackets.
[[nodiscard]] Result<TcpAddress> parse_tcp_address(std::string_view text);

/// The name of a unix socket in the file system; removed on destruction if it still is the file that was made.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);
  SocketFile(SocketFile&& other) noexcept;
  SocketFile& operator=(SocketFile&& other) noexcept;
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile();

 private:
  void remove();

  std::string path_;  ///< empty: nothing to remove
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

/// A bound, listening, non-blocking socket.
struct ListenSocket {
  SocketFile file;  ///< of a unix socket
  UniqueFd fd;
  std::string address;  ///< as bound: "[::]:19435", "127.0.0.1:41873", "/run/exitledger/api.sock"
  bool local = false;   ///< unix socket: only who may open its file gets in
};

/// Binds and listens; port 0 takes a free one. An empty host listens on IPv6 and IPv4 with one socket, on IPv4 alone
/// where the kernel has no IPv6. Error: address and errno.
[[nodiscard]] Result<ListenSocket> listen_tcp(std::string_view address);

/// Binds and listens at `path`, mode 0660, of `group` if given; makes the parent directory. A socket left behind is
/// removed only if nobody answers there. Error: EADDRINUSE if somebody does, or if `path` is no socket.
[[nodiscard]] Result<ListenSocket> listen_unix(const std::string& path, std::optional<gid_t> group = std::nullopt);

/// What a socket is bound to, in the spelling of ListenSocket::address; empty if it is bound to nothing.
[[nodiscard]] std::string bound_address(int fd);

/// Takes a socket that somebody else bound (systemd's .socket unit), TCP or unix; a unix socket's file stays theirs.
/// Error: it is no stream socket that listens, or a unix socket without a path, which has no permissions.
[[nodiscard]] Result<ListenSocket> adopt_socket(UniqueFd fd);

}  // namespace exitledger
