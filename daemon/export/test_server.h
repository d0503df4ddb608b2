// SPDX-License-Identifier: MIT
// Fixture: an HttpServer that runs in a thread of its own, and a client that speaks bytes. Every wait is bounded.
#pragma once

#include <string>
#include <thread>

#include "export/http_server.h"

namespace exitledger::test {

/// A fresh directory, removed on destruction.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Serves `router` on the given sockets until destroyed, as the daemon's loop does: poll, run, timeout.
class RunningServer {
 public:
  RunningServer(const Router& router, std::vector<ListenSocket> sockets, HttpLimits limits = {}, WebConfig web = {});
  ~RunningServer();
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  /// As bound, in the order of the sockets.
  [[nodiscard]] const std::string& address(std::size_t at = 0) const { return addresses_.at(at); }

 private:
  void loop();

  std::unique_ptr<HttpServer> server_;
  std::vector<std::string> addresses_;
  UniqueFd stop_;
  std::thread thread_;
};

/// Connects to "127.0.0.1:80", "[::1]:80" or the path of a unix socket; empty on failure.
[[nodiscard]] UniqueFd connect_to(const std::string& address);
/// Writes all of `bytes`; false if the peer does not take them.
bool send_all(int fd, const std::string& bytes);
/// Reads until the peer closes; ends at 10 s of silence.
[[nodiscard]] std::string read_to_end(int fd);
/// One request on a connection of its own ("GET /path"), with `Connection: close`; the raw answer.
[[nodiscard]] std::string ask(const std::string& address, const std::string& method_and_path,
                              const std::string& body = {});
/// A hash for BasicAuth, of the cheapest kind: what it costs is not what is tested.
[[nodiscard]] std::string bcrypt(const std::string& password);
/// Makes the files of a certificate for 127.0.0.1 that signs itself, and of its key; false if openssl did not.
[[nodiscard]] bool make_certificate(const std::string& certificate, const std::string& key);
/// What follows the head of a raw answer.
[[nodiscard]] std::string body_of(const std::string& answer);

}  // namespace exitledger::test
