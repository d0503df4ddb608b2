// SPDX-License-Identifier: MIT
// HTTP over libmicrohttpd, without threads: handlers run in the loop of whoever calls run().
//
// Every listening socket has a server of its own inside, so that clients which fill one (anybody's, over TCP) cannot
// lock out the other (the subcommands', over the unix socket).
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "export/basic_auth.h"
#include "export/listen_socket.h"
#include "export/router.h"
#include "export/web_config.h"
#include "model/result.h"

namespace exitledger {

struct HttpLimits {
  unsigned connections = 128;             ///< at once per listening socket; more wait in the kernel's queue
  unsigned connections_per_address = 64;  ///< at once per client address; more are closed
  std::chrono::seconds idle_timeout{10};  ///< of a connection that neither sends nor takes anything
  std::size_t body_bytes =
      std::size_t{64} * 1024;  ///< of a request; more is 413, or a closed connection if it was not announced
};

/// Not thread-safe. Handlers must not call run().
class HttpServer {
 public:
  /// `router` outlives the server. `web` holds for TCP alone: the unix socket has its own permissions. Error: no epoll
  /// descriptor.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> create(const Router& router, HttpLimits limits = {},
                                                                  WebConfig web = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Takes a socket (listen_tcp, listen_unix) and serves it from now on. Error: libmicrohttpd did not start.
  [[nodiscard]] Result<void> listen(ListenSocket socket);
  /// Addresses served, as bound.
  [[nodiscard]] std::vector<std::string> addresses() const;

  /// Readable (poll) when run() has something to do. One descriptor for the server's whole life.
  [[nodiscard]] int event_fd() const { return events_.get(); }
  /// Longest time until run() must be called though nothing is readable (idle connections, answers half made); 0 = now;
  /// nullopt = no need.
  [[nodiscard]] std::optional<std::chrono::milliseconds> timeout() const;
  /// Accepts, reads, answers and sends what can be without waiting.
  void run();

 private:
  struct Listener;

  HttpServer(const Router& router, HttpLimits limits, WebConfig web, UniqueFd events);

  const Router& router_;
  HttpLimits limits_;
  WebConfig web_;
  std::optional<BasicAuth> auth_;  ///< nullopt: everybody may ask
  UniqueFd events_;                ///< epoll over the epolls of the listeners
  std::vector<std::unique_ptr<Listener>> listeners_;
};

}  // namespace exitledger
