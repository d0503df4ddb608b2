// SPDX-License-Identifier: MIT
#include "export/http_exchange.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>

namespace exitledger {
namespace {

/// One request on its way: head first, then the body in pieces, then the answer.
struct Exchange {
  Request request;
  std::size_t received = 0;  ///< bytes of body, kept or not
};

struct DestroyResponse {
  void operator()(MHD_Response* response) const { MHD_destroy_response(response); }
};

MHD_Result keep_parameter(void* query, MHD_ValueKind, const char* key, std::size_t key_size, const char* value,
                          std::size_t value_size) noexcept try {
  static_cast<decltype(Request::query)*>(query)->emplace(
      std::string{key, key_size}, value == nullptr ? std::string{} : std::string{value, value_size});
  return MHD_YES;
} catch (...) {
  return MHD_NO;
}

// The body's announced length is beyond `limit`, or is no number that fits.
bool announced_too_large(MHD_Connection* connection, std::size_t limit) {
  const char* const header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
  if (header == nullptr) return false;
  std::size_t length = 0;
  const char* const end = header + std::strlen(header);
  const auto parsed = std::from_chars(header, end, length);
  return parsed.ec != std::errc{} || length > limit;
}

MHD_Result send(MHD_Connection* connection, Response answer) {
  // The body moves into the response instead of being copied: a scrape of many VMs has megabytes.
  auto body = std::make_unique<std::string>(std::move(answer.body));
  const std::unique_ptr<MHD_Response, DestroyResponse> response{MHD_create_response_from_buffer_with_free_callback_cls(
      body->size(), body->data(), [](void* owned) { delete static_cast<std::string*>(owned); }, body.get())};
  if (!response) return MHD_NO;
  static_cast<void>(body.release());
  const auto header = [&](const char* name, const char* value) {
    return MHD_add_response_header(response.get(), name, value) == MHD_YES;
  };
  const bool headed = header(MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str()) &&
                      header(MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
                      header("X-Content-Type-Options", "nosniff") &&
                      (answer.allow.empty() || header(MHD_HTTP_HEADER_ALLOW, answer.allow.c_str())) &&
                      (answer.status != 429 ||
                       header(MHD_HTTP_HEADER_RETRY_AFTER, std::to_string(BasicAuth::kForgiven.count()).c_str())) &&
                      (answer.status != 401 || header(MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"exitledger\""));
  if (!headed) return MHD_NO;
  return MHD_queue_response(connection, static_cast<unsigned>(answer.status), response.get());
}

struct Free {
  void operator()(char* text) const { MHD_free(text); }
};

// The client's address without its port; of IPv6 the 64 bits that one client has for itself. Empty if it has none.
std::string address_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* const info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (info == nullptr || info->client_addr == nullptr) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (info->client_addr->sa_family == AF_INET) {
    const auto& ipv4 = reinterpret_cast<const sockaddr_in&>(*info->client_addr);
    return ::inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
  }
  if (info->client_addr->sa_family != AF_INET6) return {};
  in6_addr address = reinterpret_cast<const sockaddr_in6&>(*info->client_addr).sin6_addr;
  if (!IN6_IS_ADDR_V4MAPPED(&address)) std::fill(std::begin(address.s6_addr) + 8, std::end(address.s6_addr), 0);
  return ::inet_ntop(AF_INET6, &address, text.data(), text.size());
}

// What the client must be told instead of an answer; nullopt: it may ask.
std::optional<Response> refusal(const HttpContext& context, MHD_Connection* connection, const Request& request) {
  if (context.auth == nullptr) return std::nullopt;
  char* sent = nullptr;
  const std::unique_ptr<char, Free> name{MHD_basic_auth_get_username_password(connection, &sent)};
  const std::unique_ptr<char, Free> password{sent};
  if (!name || !password) return error_response(request, 401, "name and password are needed");
  switch (context.auth->check(name.get(), password.get(), address_of(connection))) {
    case BasicAuth::Answer::kYes: return std::nullopt;
    case BasicAuth::Answer::kTooMany: return error_response(request, 429, "too many wrong passwords; try again");
    case BasicAuth::Answer::kNo: break;
  }
  return error_response(request, 401, "wrong name or password");
}

// First call for a request: its head is there.
MHD_Result begin(const HttpContext& context, MHD_Connection* connection, const char* path, const char* method,
                 void** exchange) {
  auto fresh = std::make_unique<Exchange>();
  fresh->request.method = method;
  fresh->request.path = path;
  fresh->request.local = context.local;
  MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, &keep_parameter, &fresh->request.query);
  const bool too_large = announced_too_large(connection, context.body_bytes);
  const Exchange& kept = *fresh;
  *exchange = fresh.release();
  if (auto refused = refusal(context, connection, kept.request)) return send(connection, std::move(*refused));
  return too_large ? send(connection, error_response(kept.request, 413, "request body too large")) : MHD_YES;
}

}  // namespace

MHD_Result http_answer(void* context_pointer, MHD_Connection* connection, const char* path, const char* method,
                       const char* /*version*/, const char* upload, std::size_t* upload_bytes, void** exchange) noexcept
    try {
  const HttpContext& context = *static_cast<const HttpContext*>(context_pointer);
  if (*exchange == nullptr) return begin(context, connection, path, method, exchange);
  Exchange& current = *static_cast<Exchange*>(*exchange);
  if (*upload_bytes != 0) {
    current.received += *upload_bytes;
    if (current.received > context.body_bytes) return MHD_NO;  // not announced: close the connection
    if (context.router.wants_body(current.request)) current.request.body.append(upload, *upload_bytes);
    *upload_bytes = 0;
    return MHD_YES;
  }
  return send(connection, context.router.answer(current.request));
} catch (...) {
  return MHD_NO;  // out of memory: nothing can be said any more
}

void http_completed(void*, MHD_Connection*, void** exchange, MHD_RequestTerminationCode) noexcept {
  delete static_cast<Exchange*>(*exchange);
  *exchange = nullptr;
}

}  // namespace exitledger
