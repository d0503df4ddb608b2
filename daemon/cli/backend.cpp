// SPDX-License-Identifier: MIT
#include "cli/backend.h"

#include <fmt/format.h>

#include <chrono>

#include "cli/api_client.h"
#include "cli/log.h"
#include "cli/streams.h"

namespace exitledger::cli {
namespace {

std::string with_query(const std::string& path, const ApiParameters& parameters) {
  std::string url = path;
  for (const auto& [name, value] : parameters) url += fmt::format("{}{}={}", url == path ? '?' : '&', name, value);
  return url;
}

class DaemonBackend final : public Backend {
 public:
  explicit DaemonBackend(ApiClient client) : client_(std::move(client)) {}

  Result<nlohmann::json> call(const std::string& method, const std::string& path,
                              const ApiParameters& parameters) override {
    const std::string url = with_query(path, parameters);
    return method == "POST" ? client_.post(url, nlohmann::json::object()) : client_.get(url);
  }

 private:
  ApiClient client_;
};

class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(const BooksOptions& options) : books_(options, plain_log), api_(books_) { books_.follow(); }

  Result<nlohmann::json> call(const std::string& method, const std::string& path,
                              const ApiParameters& parameters) override {
    const ApiAnswer answer = api_.call(method, path, parameters);
    if (answer.status != 200) return fail(method, path, answer.body.at("error").get<std::string>());
    return nlohmann::json(answer.body);
  }

 private:
  Books books_;
  Api api_;
};

}  // namespace

Result<std::unique_ptr<Backend>> daemon_backend(const Common& common) {
  // A check of many rounds on many CPUs takes its time; the daemon answers when it is done.
  ApiClient::Limits limits;
  limits.total = std::chrono::minutes{10};
  ApiClient client{common.api_socket, limits};
  if (const auto status = client.get("/api/v1/status"); !status) {
    if (is_no_daemon(status.error())) return nullptr;
    return tl::unexpected{status.error()};
  }
  return std::make_unique<DaemonBackend>(std::move(client));
}

Result<std::unique_ptr<Backend>> any_backend(const Common& common) {
  auto daemon = daemon_backend(common);
  if (!daemon || *daemon) return daemon;
  log_line("no daemon on " + common.api_socket + ": attaching for the time of this command");
  BooksOptions options;
  options.probe.slots = common.slots;
  options.probe.time = false;
  options.leaf.device = common.kvm_device;
  return std::make_unique<LocalBackend>(options);
}

}  // namespace exitledger::cli
