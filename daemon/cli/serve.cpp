// SPDX-License-Identifier: MIT
// exitledger serve: owns the books, in one thread and one poll().
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/streams.h"
#include "export/api.h"
#include "export/collect.h"
#include "export/http_server.h"
#include "export/pages.h"
#include "version.h"

namespace exitledger::cli {
namespace {

constexpr std::chrono::milliseconds kFollow{1000};

// SIGTERM and SIGINT arrive as reads; SIGPIPE is nobody's end.
Result<UniqueFd> stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("sigprocmask", "SIGTERM, SIGINT");
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return fail_errno("signal", "SIGPIPE");
  UniqueFd fd{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) return fail_errno("signalfd", "SIGTERM, SIGINT");
  return fd;
}

Response to_response(const ApiAnswer& answer) {
  return {answer.status, "application/json; charset=utf-8", answer.body.dump(2) + "\n", {}};
}

ApiParameters parameters_of(const Request& request) {
  return {request.query.begin(), request.query.end()};  // of a repeated parameter the first counts
}

void add_routes(Router& router, Books& books, Api& api, std::size_t vm_limit) {
  const std::int64_t started = unix_now_ns();
  router.get("/metrics", metrics_page([&books, names = VmNameBook{}, vm_limit, started]() mutable {
               return collect(books, names, vm_limit, started);
             }));
  router.get("/", landing_page(std::string{kVersion}));
  router.get("/-/healthy", healthy_page());
  router.get("/-/ready", ready_page([&books] { return unsettled_because(books); }));
  for (const ApiRoute& route : Api::routes()) {
    const std::string method{route.method};
    const std::string path{route.path};
    const auto handler = [&api, method, path](const Request& request) {
      return to_response(api.call(method, path, parameters_of(request)));
    };
    if (route.changes_something())
      router.post(path, handler);
    else
      router.get(path, handler);
  }
}

// The group that may use the socket besides root; nullopt where the system does not have it.
std::optional<gid_t> api_group() {
  const group* entry = getgrnam("exitledger");
  return entry == nullptr ? std::nullopt : std::optional<gid_t>{entry->gr_gid};
}

Result<void> listen_everywhere(HttpServer& server, const Common& common, const ServeOptions& options) {
  auto api = listen_unix(common.api_socket, api_group());
  if (!api) return tl::unexpected{api.error()};
  if (auto listening = server.listen(std::move(*api)); !listening) return listening;
  for (const std::string& address : options.listen_addresses) {
    auto socket = listen_tcp(address);
    if (!socket) return tl::unexpected{socket.error()};
    if (auto listening = server.listen(std::move(*socket)); !listening) return listening;
  }
  for (const std::string& address : server.addresses()) log_line("listening on " + address);
  return {};
}

// Until a stop signal; returns its number.
Result<int> loop(const UniqueFd& signals, Books& books, HttpServer& server) {
  for (;;) {
    // A descriptor of -1 (nothing to attach to yet) is skipped by poll().
    std::array<pollfd, 3> fds{
        {{signals.get(), POLLIN, 0}, {books.event_fd(), POLLIN, 0}, {server.event_fd(), POLLIN, 0}}};
    const auto wait = std::min(kFollow, server.timeout().value_or(kFollow));
    if (poll(fds.data(), fds.size(), static_cast<int>(wait.count())) < 0 && errno != EINTR)
      return fail_errno("poll", "the daemon's descriptors");
    signalfd_siginfo stop{};
    if (fds[0].revents != 0 && read(signals.get(), &stop, sizeof stop) == sizeof stop)
      return static_cast<int>(stop.ssi_signo);
    books.follow();
    server.run();
  }
}

// Whether they can be parsed; not whether they are free.
int check_addresses(const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses)
    if (const auto parsed = parse_tcp_address(address); !parsed) return complain(parsed.error());
  std::puts("the configuration is right");
  return 0;
}

}  // namespace

int run_serve(const Common& common, const ServeOptions& options) {
  auto web = options.web_config_file.empty() ? Result<WebConfig>{} : read_web_config(options.web_config_file);
  if (!web) return complain(web.error());
  if (options.only_check) return check_addresses(options.listen_addresses);
  auto signals = stop_signals();
  if (!signals) return complain(signals.error());
  BooksOptions books_options;
  books_options.probe.slots = common.slots;
  books_options.probe.time = options.collect_time;
  books_options.leaf.device = common.kvm_device;
  books_options.leaf_interval = options.leaf_interval;
  books_options.read_leaf = options.collect_leaf;
  // A long check ends when a stop signal waits to be read.
  books_options.stopping = [fd = signals->get()] {
    pollfd waiting{fd, POLLIN, 0};
    return poll(&waiting, 1, 0) > 0;
  };
  Books books{books_options, log_line};
  Api api{books};
  Router router{log_line};
  add_routes(router, books, api, options.vm_limit);
  auto server = HttpServer::create(router, {}, std::move(*web));
  if (!server) return complain(server.error());
  if (auto listening = listen_everywhere(**server, common, options); !listening) return complain(listening.error());
  books.follow();
  const auto signal_number = loop(*signals, books, **server);
  if (!signal_number) return complain(signal_number.error());
  log_line(fmt::format("signal {}: stopping", *signal_number));
  return 0;
}

}  // namespace exitledger::cli
