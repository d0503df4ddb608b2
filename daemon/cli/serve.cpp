// SPDX-License-Identifier: MIT
// exitledger serve: owns the books, in one thread and one poll().
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "cli/capabilities.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/service_manager.h"
#include "cli/storage.h"
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
  // An error's line quotes what was asked: dump() throws on invalid UTF-8 otherwise.
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  return {answer.status, "application/json; charset=utf-8", answer.body.dump(2, ' ', false, replace) + "\n", {}};
}

ApiParameters parameters_of(const Request& request) {
  return {request.query.begin(), request.query.end()};  // of a repeated parameter the first counts
}

ExportSnapshot snapshot_of(Books& books, const Recorder* recorder, std::size_t vm_limit, std::int64_t started_unix_ns) {
  ExportSnapshot snapshot = collect(books, vm_limit, started_unix_ns);
  if (recorder != nullptr) snapshot.store = {recorder->broken_because().empty(), recorder->failed_writes()};
  return snapshot;
}

void add_routes(Router& router, Books& books, const Recorder* recorder, Api& api, std::size_t vm_limit) {
  const std::int64_t started = unix_now_ns();
  router.get("/metrics", metrics_page([&books, recorder, vm_limit, started] {
               return snapshot_of(books, recorder, vm_limit, started);
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

Result<void> listen_on(HttpServer& server, Result<ListenSocket> socket) {
  if (!socket) return tl::unexpected{socket.error()};
  return server.listen(std::move(*socket));
}

Result<void> listen_everywhere(HttpServer& server, const Common& common, const ServeOptions& options) {
  if (options.systemd_socket) {
    auto passed = passed_sockets();
    if (!passed) return tl::unexpected{passed.error()};
    for (UniqueFd& fd : *passed)
      if (auto done = listen_on(server, adopt_socket(std::move(fd))); !done) return done;
    return {};
  }
  if (auto done = listen_on(server, listen_unix(common.api_socket, api_group())); !done) return done;
  for (const std::string& address : options.listen_addresses)
    if (auto done = listen_on(server, listen_tcp(address)); !done) return done;
  return {};
}

std::string status_line(const Books& books) {
  if (!books.attached()) return books.detached_because();
  const ModuleState& modules = books.modules();
  if (!modules.vendor || !modules.paging) return "no KVM vendor module is loaded";
  return fmt::format("{}, {} paging, leaf {}", module_name(*modules.vendor), to_string(*modules.paging),
                     to_string(books.leaf_state()));
}

// The daemon once it listens.
struct Daemon {
  const UniqueFd& signals;
  Books& books;
  Api& api;
  HttpServer& server;
  ServiceManager& manager;
  const Log& log;
  bool drop_when_attached;
};

// The books; once they are attached, nothing but the probe's capabilities is needed any more.
Result<void> follow_books(Daemon& daemon) {
  daemon.books.follow();
  if (!daemon.drop_when_attached || !daemon.books.attached()) return {};
  if (auto dropped = drop_capabilities(); !dropped) return dropped;
  daemon.drop_when_attached = false;
  daemon.log(LogLevel::kInfo, "capabilities dropped; of CAP_BPF and CAP_PERFMON stays what was there");
  return {};
}

Result<void> do_what_is_due(Daemon& daemon) {
  if (auto done = follow_books(daemon); !done) return done;
  daemon.api.record();
  daemon.server.run();
  daemon.manager.alive();
  daemon.manager.status(status_line(daemon.books));
  return {};
}

// Until a stop signal; returns its number.
Result<int> loop(Daemon& daemon) {
  for (;;) {
    if (auto done = do_what_is_due(daemon); !done) return tl::unexpected{done.error()};
    // A descriptor of -1 (nothing to attach to yet) is skipped by poll().
    std::array<pollfd, 3> fds{{{daemon.signals.get(), POLLIN, 0},
                               {daemon.books.event_fd(), POLLIN, 0},
                               {daemon.server.event_fd(), POLLIN, 0}}};
    const auto wait = std::min({daemon.books.patience(), daemon.server.timeout().value_or(kFollow),
                                daemon.manager.alive_every().value_or(kFollow)});
    if (poll(fds.data(), fds.size(), static_cast<int>(wait.count())) < 0 && errno != EINTR)
      return fail_errno("poll", "the daemon's descriptors");
    signalfd_siginfo stop{};
    if (fds[0].revents != 0 && read(daemon.signals.get(), &stop, sizeof stop) == sizeof stop)
      return static_cast<int>(stop.ssi_signo);
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
  ServiceManager manager;
  // A long check ends when a stop signal waits to be read, and is no reason for the watchdog.
  books_options.go_on = [fd = signals->get(), &manager] {
    manager.alive();
    pollfd waiting{fd, POLLIN, 0};
    return poll(&waiting, 1, 0) <= 0;
  };
  const Log log = log_to_stderr(options.log);
  auto recorder = open_recorder(common, log);
  if (!recorder && recorder.error().code == ENOSPC) {
    log(LogLevel::kError, recorder.error().message() + ": sessions are not recorded until the next start");
    recorder = std::unique_ptr<Recorder>{};
  }
  if (!recorder) return complain(recorder.error());
  const auto id = first_id(*recorder);
  if (!id) return complain(id.error());
  books_options.first_id = *id;
  Books books{books_options, log};
  Api api{books, recorder->get()};
  Router router{log};
  add_routes(router, books, recorder->get(), api, options.vm_limit);
  auto server = HttpServer::create(router, {}, std::move(*web));
  if (!server) return complain(server.error());
  if (auto listening = listen_everywhere(**server, common, options); !listening) return complain(listening.error());
  for (const std::string& address : (*server)->addresses()) log(LogLevel::kInfo, "listening on " + address);
  Daemon daemon{*signals, books, api, **server, manager, log, !options.keep_capabilities};
  if (auto followed = follow_books(daemon); !followed) return complain(followed.error());
  manager.ready();
  const auto signal_number = loop(daemon);
  manager.stopping();
  books.close();
  if (*recorder) (*recorder)->follow(books.views());
  if (!signal_number) return complain(signal_number.error());
  log(LogLevel::kInfo, fmt::format("signal {}: stopping", *signal_number));
  return 0;
}

}  // namespace exitledger::cli
