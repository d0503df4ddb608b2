// SPDX-License-Identifier: MIT
#include "export/router.h"

#include <exception>
#include <nlohmann/json.hpp>

namespace exitledger {

std::optional<std::string> Request::parameter(const std::string& name) const {
  const auto first = query.lower_bound(name);
  if (first == query.end() || first->first != name) return std::nullopt;
  return first->second;
}

Response error_response(const Request& request, int status, std::string_view message) {
  if (!request.path.starts_with("/api/")) return {.status = status, .body = std::string{message} + "\n"};
  const nlohmann::json body{{"error", message}};
  const auto replace = nlohmann::json::error_handler_t::replace;  // dump() throws on invalid UTF-8 otherwise
  return {.status = status, .content_type = "application/json", .body = body.dump(-1, ' ', false, replace) + "\n"};
}

bool Router::wants_body(const Request& request) const {
  const auto route = routes_.find(request.path);
  return request.method == "POST" && request.local && route != routes_.end() && route->second.post;
}

Response Router::answer(const Request& request) const {
  const auto found = routes_.find(request.path);
  if (found == routes_.end()) return error_response(request, 404, "not found");
  const Route& route = found->second;
  if (route.get && (request.method == "GET" || request.method == "HEAD")) return run(route.get, request);
  if (route.post && request.method == "POST") {
    if (!request.local) return error_response(request, 403, "only through the unix socket");
    return run(route.post, request);
  }
  Response refused = error_response(request, 405, "method not allowed");
  refused.allow = route.get ? "GET, HEAD" : "";
  if (route.post) refused.allow += route.get ? ", POST" : "POST";
  return refused;
}

Response Router::run(const Handler& handler, const Request& request) const {
  std::string thrown;
  try {
    return handler(request);
  } catch (const std::exception& error) {
    thrown = error.what();
  } catch (...) {
    thrown = "an exception of unknown type";
  }
  if (log_) log_(LogLevel::kError, request.method + " " + request.path + ": " + thrown);
  return error_response(request, 500, "internal error");
}

}  // namespace exitledger
