// SPDX-License-Identifier: MIT
// For tests: a daemon of made-up books on a unix socket. Each question for them is answered with the next moment.
// usage: top-stand-in SOCKET SESSION
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "export/live_json.h"
#include "export/test_server.h"
#include "top/samples_for_tests.h"

namespace {

using namespace exitledger;

int serve(const std::string& socket, const std::string& session) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  Router router{nullptr};
  router.get("/api/v1/status",
             [](const Request&) { return Response{.content_type = "application/json", .body = "{}"}; });
  router.get("/api/v1/live", [&session, n = std::uint64_t{0}](const Request&) mutable {
    return Response{.content_type = "application/json", .body = live_json(top::moment(++n, session)).dump()};
  });
  auto listening = listen_unix(socket);
  if (!listening) {
    std::fprintf(stderr, "%s\n", listening.error().message().c_str());
    return 1;
  }
  std::vector<ListenSocket> sockets;
  sockets.push_back(std::move(*listening));
  const test::RunningServer server{router, std::move(sockets)};
  int number = 0;
  sigwait(&stop, &number);
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return argc == 3 ? serve(argv[1], argv[2]) : 2; }
