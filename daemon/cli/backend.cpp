// SPDX-License-Identifier: MIT
#include "cli/backend.h"

#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/storage.h"
#include "cli/streams.h"

namespace exitledger::cli {
namespace {

class DaemonBackend final : public Backend {
 public:
  explicit DaemonBackend(ApiClient client) : client_(std::move(client)) {}

  Result<nlohmann::json> call(const std::string& method, const std::string& path,
                              const ApiParameters& parameters) override {
    const std::string url = with_query(path, {parameters.begin(), parameters.end()});
    return method == "POST" ? client_.post(url, nlohmann::json::object()) : client_.get(url);
  }

 private:
  ApiClient client_;
};

class LocalBackend final : public Backend {
 public:
  LocalBackend(const BooksOptions& options, Log log, std::unique_ptr<Recorder> recorder)
      : recorder_(std::move(recorder)), books_(options, std::move(log)), api_(books_, recorder_.get()) {
    books_.follow();
  }
  LocalBackend(const LocalBackend&) = delete;
  LocalBackend& operator=(const LocalBackend&) = delete;
  ~LocalBackend() override {
    if (!recorder_) return;
    books_.close();
    recorder_->follow(books_.views());
  }

  Result<nlohmann::json> call(const std::string& method, const std::string& path,
                              const ApiParameters& parameters) override {
    const ApiAnswer answer = api_.call(method, path, parameters);
    if (answer.status != 200) return fail("ask", "the books", answer.body.at("error").get<std::string>());
    return nlohmann::json(answer.body);
  }
  bool own_books() const override { return true; }
  void follow() override {
    books_.follow();
    api_.record();
  }

 private:
  std::unique_ptr<Recorder> recorder_;
  Books books_;
  Api api_;
};

// Said where books of one's own are opened.
BooksOptions options_of(const Common& common) {
  log_line("no daemon on " + common.api_socket + ": attaching for the time of this command");
  BooksOptions options;
  options.probe.slots = common.slots;
  options.leaf.device = common.kvm_device;
  return options;
}

}  // namespace

Result<std::unique_ptr<Backend>> daemon_backend(const Common& common, std::chrono::milliseconds patience) {
  ApiClient::Limits limits;
  limits.total = patience;
  ApiClient client{common.api_socket, limits};
  if (const auto status = client.get("/api/v1/status"); !status) {
    if (is_no_daemon(status.error())) return nullptr;
    return tl::unexpected{status.error()};
  }
  return std::make_unique<DaemonBackend>(std::move(client));
}

Result<std::unique_ptr<Backend>> any_backend(const Common& common, OwnBooks own, std::chrono::milliseconds patience) {
  auto daemon = daemon_backend(common, patience);
  if (!daemon || *daemon) return daemon;
  BooksOptions options = options_of(common);
  options.probe.time = own.time;
  return std::make_unique<LocalBackend>(options, std::move(own.log), nullptr);
}

Result<std::unique_ptr<Backend>> recording_backend(const Common& common) {
  auto daemon = daemon_backend(common);
  if (!daemon || *daemon) return daemon;
  if (common.storage_path.empty())
    return fail("record", "without a daemon", "--storage.path says where the session is to be kept");
  auto recorder = open_recorder(common, plain_log);
  if (!recorder) return tl::unexpected{recorder.error()};
  const auto id = first_id(*recorder);
  if (!id) return tl::unexpected{id.error()};
  BooksOptions options = options_of(common);
  options.first_id = *id;
  return std::make_unique<LocalBackend>(options, plain_log, std::move(*recorder));
}

}  // namespace exitledger::cli
