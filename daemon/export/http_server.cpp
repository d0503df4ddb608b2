// SPDX-License-Identifier: MIT
#include "export/http_server.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "export/http_exchange.h"

namespace exitledger {
namespace {

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }
};

}  // namespace

struct HttpServer::Listener {
  Listener(const Router& router, std::size_t body_bytes, ListenSocket listen_socket)
      : socket(std::move(listen_socket)), context{router, body_bytes, socket.local} {}

  ListenSocket socket;  ///< its descriptor belongs to `daemon` once that runs
  HttpContext context;
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon;
};

Result<std::unique_ptr<HttpServer>> HttpServer::create(const Router& router, HttpLimits limits) {
  UniqueFd events{::epoll_create1(EPOLL_CLOEXEC)};
  if (!events) return fail_errno("epoll_create1", "http server");
  return std::unique_ptr<HttpServer>{new HttpServer{router, limits, std::move(events)}};
}

HttpServer::HttpServer(const Router& router, HttpLimits limits, UniqueFd events)
    : router_(router), limits_(limits), events_(std::move(events)) {}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(ListenSocket socket) {
  auto listener = std::make_unique<Listener>(router_, limits_.body_bytes, std::move(socket));
  // libmicrohttpd closes the listening socket when it stops. Should it not even start, nothing here may close it again.
  const int fd = listener->socket.fd.release();
  listener->daemon.reset(MHD_start_daemon(MHD_USE_EPOLL, 0, nullptr, nullptr, &http_answer, &listener->context,
                                          MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                                          limits_.connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                                          limits_.connections_per_address, MHD_OPTION_CONNECTION_TIMEOUT,
                                          static_cast<unsigned>(limits_.idle_timeout.count()),
                                          MHD_OPTION_NOTIFY_COMPLETED, &http_completed, nullptr, MHD_OPTION_END));
  if (!listener->daemon) return fail_errno("start HTTP server on", listener->socket.address);

  const MHD_DaemonInfo* const info = MHD_get_daemon_info(listener->daemon.get(), MHD_DAEMON_INFO_EPOLL_FD);
  if (info == nullptr) return fail("start HTTP server on", listener->socket.address, "libmicrohttpd has no epoll here");
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(events_.get(), EPOLL_CTL_ADD, info->epoll_fd, &event) != 0)
    return fail_errno("watch", listener->socket.address);
  listeners_.push_back(std::move(listener));
  return {};
}

std::vector<std::string> HttpServer::addresses() const {
  std::vector<std::string> all;
  for (const auto& listener : listeners_) all.push_back(listener->socket.address);
  return all;
}

std::optional<std::chrono::milliseconds> HttpServer::timeout() const {
  std::optional<std::chrono::milliseconds> least;
  for (const auto& listener : listeners_) {
    MHD_UNSIGNED_LONG_LONG milliseconds = 0;
    if (MHD_get_timeout(listener->daemon.get(), &milliseconds) != MHD_YES) continue;
    const std::chrono::milliseconds each{milliseconds};
    least = least ? std::min(*least, each) : each;
  }
  return least;
}

void HttpServer::run() {
  for (const auto& listener : listeners_) MHD_run(listener->daemon.get());
}

}  // namespace exitledger
