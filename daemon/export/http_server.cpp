// SPDX-License-Identifier: MIT
#include "export/http_server.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "export/http_exchange.h"

namespace exitledger {
namespace {

// libmicrohttpd takes these as void*, and does not write to them.
void* text_option(const std::string& text) { return const_cast<char*>(text.c_str()); }

std::vector<MHD_OptionItem> options_of(const HttpLimits& limits, int fd, const TlsConfig* tls) {
  std::vector<MHD_OptionItem> options{
      {MHD_OPTION_LISTEN_SOCKET, fd, nullptr},
      {MHD_OPTION_CONNECTION_LIMIT, static_cast<intptr_t>(limits.connections), nullptr},
      {MHD_OPTION_PER_IP_CONNECTION_LIMIT, static_cast<intptr_t>(limits.connections_per_address), nullptr},
      {MHD_OPTION_CONNECTION_TIMEOUT, static_cast<intptr_t>(limits.idle_timeout.count()), nullptr}};
  if (tls != nullptr) {
    static const std::string from12 = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    static const std::string only13 = "NORMAL:-VERS-ALL:+VERS-TLS1.3";
    options.push_back({MHD_OPTION_HTTPS_MEM_CERT, 0, text_option(tls->certificate)});
    options.push_back({MHD_OPTION_HTTPS_MEM_KEY, 0, text_option(tls->key)});
    options.push_back({MHD_OPTION_HTTPS_PRIORITIES, 0, text_option(tls->tls13_only ? only13 : from12)});
  }
  options.push_back({MHD_OPTION_END, 0, nullptr});
  return options;
}

}  // namespace

struct HttpServer::Listener {
  Listener(const Router& router, std::size_t body_bytes, BasicAuth* auth, ListenSocket listen_socket)
      : socket(std::move(listen_socket)), context{router, body_bytes, socket.local, socket.local ? nullptr : auth} {}

  struct Stop {
    void operator()(MHD_Daemon* running) const { MHD_stop_daemon(running); }
  };

  ListenSocket socket;  ///< its descriptor belongs to `daemon` once that runs
  HttpContext context;
  std::unique_ptr<MHD_Daemon, Stop> daemon;
};

Result<std::unique_ptr<HttpServer>> HttpServer::create(const Router& router, HttpLimits limits, WebConfig web) {
  UniqueFd events{::epoll_create1(EPOLL_CLOEXEC)};
  if (!events) return fail_errno("epoll_create1", "http server");
  return std::unique_ptr<HttpServer>{new HttpServer{router, limits, std::move(web), std::move(events)}};
}

HttpServer::HttpServer(const Router& router, HttpLimits limits, WebConfig web, UniqueFd events)
    : router_(router), limits_(limits), web_(std::move(web)), events_(std::move(events)) {
  if (!web_.users.empty()) auth_.emplace(web_.users);
}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(ListenSocket socket) {
  auto listener = std::make_unique<Listener>(router_, limits_.body_bytes, auth_ ? &*auth_ : nullptr, std::move(socket));
  const TlsConfig* const tls = web_.tls && !listener->socket.local ? &*web_.tls : nullptr;
  // libmicrohttpd closes the listening socket when it stops. Should it not even start, nothing here may close it again.
  const int fd = listener->socket.fd.release();
  std::vector<MHD_OptionItem> options = options_of(limits_, fd, tls);
  unsigned flags = MHD_USE_EPOLL;
  if (tls != nullptr) flags |= MHD_USE_TLS;
  listener->daemon.reset(MHD_start_daemon(flags, 0, nullptr, nullptr, &http_answer, &listener->context,
                                          MHD_OPTION_ARRAY, options.data(), MHD_OPTION_NOTIFY_COMPLETED,
                                          &http_completed, nullptr, MHD_OPTION_END));
  if (!listener->daemon)
    return fail_errno(tls != nullptr ? "start HTTPS server on" : "start HTTP server on", listener->socket.address);

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
