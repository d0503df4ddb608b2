// SPDX-License-Identifier: MIT
// From a request to its answer, without a socket: exact paths, methods, errors.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"

namespace exitledger {

struct Request {
  std::string method;                             ///< "GET", "HEAD", "POST", …
  std::string path;                               ///< percent-decoded, without the query
  std::multimap<std::string, std::string> query;  ///< decoded; a parameter may come more than once
  std::string body;                               ///< of a POST; empty otherwise
  bool local = false;                             ///< came through the unix socket

  /// First value of a query parameter; nullopt if it is not there.
  [[nodiscard]] std::optional<std::string> parameter(const std::string& name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::string allow{};  ///< methods for a 405; empty otherwise
};

/// An error as the API speaks it: {"error": message} below /api/, one line of text elsewhere.
[[nodiscard]] Response error_response(const Request& request, int status, std::string_view message);

/// Routes are added before the first request. Handlers run one at a time, in the thread that calls answer().
class Router {
 public:
  using Handler = std::function<Response(const Request&)>;

  /// `log` gets one line per handler that threw; what it threw never reaches the client.
  explicit Router(Log log) : log_(std::move(log)) {}

  /// Answers GET and HEAD of exactly `path`.
  void get(const std::string& path, Handler handler) { routes_[path].get = std::move(handler); }
  /// Answers POST of exactly `path`, through the unix socket alone: it changes something, and TCP knows no user.
  void post(const std::string& path, Handler handler) { routes_[path].post = std::move(handler); }

  /// True if a body of this request would be handed to a handler.
  [[nodiscard]] bool wants_body(const Request& request) const;
  /// 404 for a path without route, 405 for a method that the path does not have, 403 for a POST that is not local, 500
  /// if the handler throws.
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  struct Route {
    Handler get, post;
  };

  [[nodiscard]] Response run(const Handler& handler, const Request& request) const;

  std::map<std::string, Route> routes_;
  Log log_;
};

}  // namespace exitledger
