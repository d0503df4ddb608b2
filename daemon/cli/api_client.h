// SPDX-License-Identifier: MIT
// Client of a running daemon: JSON over HTTP through its unix socket.
#pragma once

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "model/result.h"

namespace exitledger {

/// True if `error` says that no daemon listens (ENOENT, ECONNREFUSED): the caller may then attach by itself. Anything
/// else (no permission, a timeout, an answer that is an error) means that there is one, or that nobody knows.
[[nodiscard]] bool is_no_daemon(const Error& error);

/// `path` with a query, everything in it escaped.
[[nodiscard]] std::string with_query(const std::string& path, const std::map<std::string, std::string>& parameters);

/// A request per call, in the calling thread, which blocks until the answer or the time limit. Copyable.
class ApiClient {
 public:
  struct Limits {
    std::chrono::milliseconds connect{2'000};
    std::chrono::milliseconds total{30'000};          ///< of one request, the daemon's work included
    std::size_t body_bytes = std::size_t{256} << 20;  ///< of an answer
  };

  explicit ApiClient(std::string socket_path) : ApiClient(std::move(socket_path), Limits{}) {}
  ApiClient(std::string socket_path, Limits limits) : socket_path_(std::move(socket_path)), limits_(limits) {}

  /// GET `path` ("/api/v1/sessions?limit=2"). Error: see is_no_daemon(); a status other than 200 with the daemon's own
  /// words; a body that is not JSON; ETIMEDOUT. It names the path without its query.
  [[nodiscard]] Result<nlohmann::json> get(const std::string& path) const;
  /// POST `body` to `path`. Errors as for get().
  [[nodiscard]] Result<nlohmann::json> post(const std::string& path, const nlohmann::json& body) const;

 private:
  [[nodiscard]] Result<nlohmann::json> request(const std::string& path, const std::string* body) const;

  std::string socket_path_;
  Limits limits_;
};

}  // namespace exitledger
