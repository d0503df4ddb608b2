// SPDX-License-Identifier: MIT
#include "cli/api_client.h"

#include <curl/curl.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace exitledger {
namespace {

constexpr std::string_view kConnect = "connect";
constexpr long kStatusOk = 200;
// What the person asked for cannot be: no address would tell more.
constexpr long kStatusBadRequest = 400, kStatusConflict = 409;

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Handle = std::unique_ptr<CURL, CloseHandle>;

// curl wants this once per process, before the first handle.
bool curl_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

struct Body {
  std::string text;
  std::size_t limit;
};

// Returning less than was given makes curl end the transfer with CURLE_WRITE_ERROR.
std::size_t keep(char* data, std::size_t size, std::size_t count, void* target) noexcept try {
  Body& body = *static_cast<Body*>(target);
  const std::size_t bytes = size * count;
  if (bytes > body.limit - body.text.size()) return 0;
  body.text.append(data, bytes);
  return bytes;
} catch (...) {
  return 0;
}

// What an Error names of a request: its query can have a whole command in it, escaped.
std::string without_query(const std::string& path) { return path.substr(0, path.find('?')); }

Failure transfer_failure(CURL* handle, CURLcode code, const std::string& socket_path, const std::string& path) {
  long system = 0;
  curl_easy_getinfo(handle, CURLINFO_OS_ERRNO, &system);
  if (code == CURLE_COULDNT_CONNECT) return fail(std::string{kConnect}, socket_path, {}, static_cast<int>(system));
  if (code == CURLE_OPERATION_TIMEDOUT) return fail("request", path, "the daemon did not answer in time", ETIMEDOUT);
  if (code == CURLE_WRITE_ERROR) return fail("request", path, "the answer is too large");
  return fail("request", path, curl_easy_strerror(code));
}

// The daemon's own words for a refusal: {"error": "…"}, or the text as it came.
std::string refusal(const std::string& body) {
  const nlohmann::json parsed = nlohmann::json::parse(body, nullptr, false);
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_string())
    return parsed["error"].get<std::string>();
  return body.substr(0, body.find('\n'));
}

Result<nlohmann::json> answer(long status, const std::string& body, const std::string& path) {
  if (status == kStatusConflict || status == kStatusBadRequest) return fail("ask", "the daemon", refusal(body));
  if (status != kStatusOk) return fail("request", path, "status " + std::to_string(status) + ": " + refusal(body));
  nlohmann::json parsed = nlohmann::json::parse(body, nullptr, false);
  if (parsed.is_discarded()) return fail("request", path, "the answer is not JSON");
  return parsed;
}

}  // namespace

std::string with_query(const std::string& path, const std::map<std::string, std::string>& parameters) {
  std::string url = path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    const std::unique_ptr<char, decltype(&curl_free)> escaped{
        curl_easy_escape(nullptr, value.c_str(), static_cast<int>(value.size())), curl_free};
    url += separator + name + "=" + (escaped ? escaped.get() : "");
    separator = '&';
  }
  return url;
}

bool is_no_daemon(const Error& error) {
  return error.operation == kConnect && (error.code == ENOENT || error.code == ECONNREFUSED);
}

Result<nlohmann::json> ApiClient::get(const std::string& path) const { return request(path, nullptr); }

Result<nlohmann::json> ApiClient::post(const std::string& path, const nlohmann::json& body) const {
  const std::string text = body.dump();
  return request(path, &text);
}

Result<nlohmann::json> ApiClient::request(const std::string& path, const std::string* body) const {
  const Handle handle{curl_ready() ? curl_easy_init() : nullptr};
  if (!handle) return fail("request", without_query(path), "libcurl cannot start");
  CURL* const curl = handle.get();
  const std::string url = "http://localhost" + path;
  Body received{{}, limits_.body_bytes};
  std::unique_ptr<curl_slist, FreeList> headers;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path_.c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // whatever http_proxy says
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(limits_.total.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &keep);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &received);
  if (body != nullptr) {
    headers.reset(curl_slist_append(nullptr, "Content-Type: application/json"));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->c_str());
  }
  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK)
    return transfer_failure(curl, code, socket_path_, without_query(path));
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  return answer(status, received.text, without_query(path));
}

}  // namespace exitledger
