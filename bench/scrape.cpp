// SPDX-License-Identifier: MIT
// bench-scrape: what a scrape of many VMs costs, from the probe's slots to the last byte at the client.
#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "export/http_server.h"
#include "export/metrics.h"
#include "simulated_vms.h"

namespace exitledger::bench {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
constexpr std::size_t kNoLimit = 262'144;  // the most that --collector.vm.limit takes

struct Row {
  std::string name;
  Load load;
  std::size_t vm_limit;
};
struct Figures {
  std::size_t series = 0, bytes = 0;
  double scrape_s = 0;  ///< median
};

std::size_t append(const char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

std::optional<std::string> fetch(const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{curl_easy_init(), &curl_easy_cleanup};
  std::string body;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  if (curl_easy_perform(curl.get()) != CURLE_OK) return std::nullopt;
  return body;
}

/// The daemon's HTTP server in a thread of its own, until destroyed.
class Server {
 public:
  explicit Server(HttpServer& server)
      : thread_([this, &server] {
          while (!stop_) {
            pollfd ready{server.event_fd(), POLLIN, 0};
            const auto wait = std::min(server.timeout().value_or(kLook), kLook);
            poll(&ready, 1, static_cast<int>(wait.count()));
            server.run();
          }
        }) {}
  ~Server() {
    stop_ = true;
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  static constexpr std::chrono::milliseconds kLook{50};
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

std::size_t series_in(const std::string& text) {
  std::size_t series = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    if (text[at] != '#') ++series;
  return series;
}

Result<Figures> measure(const Row& row, unsigned scrapes) {
  SimulatedVms vms{row.load};
  Router router{nullptr};
  router.get("/metrics", [&](const Request&) {
    return Response{200, std::string{kMetricsContentType}, exposition(vms.snapshot(row.vm_limit)), {}};
  });
  auto http = HttpServer::create(router);
  if (!http) return tl::unexpected{http.error()};
  auto socket = listen_tcp("127.0.0.1:0");
  if (!socket) return tl::unexpected{socket.error()};
  if (auto listening = (*http)->listen(std::move(*socket)); !listening) return tl::unexpected{listening.error()};
  const std::string url = "http://" + (*http)->addresses().front() + "/metrics";
  const Server server{**http};

  Figures figures;
  std::vector<double> times;
  for (unsigned i = 0; i < scrapes + 1; ++i) {  // the first warms up
    const auto begin = Clock::now();
    const auto body = fetch(url);
    if (!body) return fail("scrape", url, "no answer");
    if (i > 0) times.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    figures.series = series_in(*body);
    figures.bytes = body->size();
  }
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  figures.scrape_s = times[times.size() / 2];
  return figures;
}

int run(unsigned scrapes, bool json) {
  const std::size_t default_limit = 1000;  // of --collector.vm.limit
  const std::vector<Row> rows{{"no VM", {.vms = 0}, default_limit},
                              {"100 VMs", {.vms = 100}, default_limit},
                              {"1,000 VMs, default limit", {.vms = 1000}, default_limit},
                              {"1,000 VMs, no limit", {.vms = 1000}, kNoLimit},
                              {"4,000 VMs, default limit", {.vms = 4000}, default_limit},
                              {"4,000 VMs, no limit", {.vms = 4000}, kNoLimit}};
  Json answer = Json::array();
  double base = 0;
  if (!json)
    fmt::print("{:<26} {:>9} {:>12} {:>12} {:>8}\n", "8 vCPUs, 40 reasons each", "series", "bytes", "ms", "ratio");
  for (const Row& row : rows) {
    const auto figures = measure(row, scrapes);
    if (!figures) {
      fmt::print(stderr, "bench-scrape: {}\n", figures.error().message());
      return 1;
    }
    if (base == 0) base = figures->scrape_s;
    const double ratio = figures->scrape_s / base;
    answer.push_back({{"name", row.name},
                      {"series", figures->series},
                      {"bytes", figures->bytes},
                      {"seconds", figures->scrape_s},
                      {"ratio", ratio}});
    if (!json)
      fmt::print("{:<26} {:>9} {:>12} {:>12.2f} {:>8.1f}\n", row.name, figures->series, figures->bytes,
                 figures->scrape_s * 1e3, ratio);
  }
  if (json) fmt::print("{}\n", answer.dump(2));
  return 0;
}

}  // namespace
}  // namespace exitledger::bench

int main(int argc, char** argv) {
  CLI::App app{
      "What a scrape of many VMs costs: series, bytes, the median time of a scrape and its ratio to a host without "
      "VMs"};
  unsigned scrapes = 9;
  bool json = false;
  app.add_option("--scrapes", scrapes, "Scrapes per row")->check(CLI::Range(1U, 1000U))->capture_default_str();
  app.add_flag("--json", json, "JSON on stdout");
  CLI11_PARSE(app, argc, argv);
  return exitledger::bench::run(scrapes, json);
}
