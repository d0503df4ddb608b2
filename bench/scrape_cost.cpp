// SPDX-License-Identifier: MIT
#include "scrape_cost.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "export/http_server.h"
#include "export/metrics.h"
#include "in_child.h"
#include "system_calls.h"

namespace exitledger::bench {
namespace {

using Clock = std::chrono::steady_clock;

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
          id_.set_value(static_cast<pid_t>(syscall(SYS_gettid)));
          while (!stop_) {
            pollfd ready{server.event_fd(), POLLIN, 0};
            // Until there is something to do: looking now and then would be counted as calls of a scrape.
            poll(&ready, 1, server.timeout() ? static_cast<int>(server.timeout()->count()) : kLookMs);
            server.run();
          }
        }),
        id(id_.get_future().get()) {}
  ~Server() {
    stop_ = true;
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] double cpu_s() {
    clockid_t clock{};
    timespec used{};
    if (pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
  }

 private:
  static constexpr int kLookMs = 1000;
  std::atomic<bool> stop_ = false;
  std::promise<pid_t> id_;
  std::thread thread_;

 public:
  const pid_t id;  ///< of the thread
};

std::size_t series_in(const std::string& text) {
  std::size_t series = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    if (text[at] != '#') ++series;
  return series;
}

std::size_t resident_bytes() {
  std::size_t all = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

Result<ScrapeCost> scrape(Server& server, const std::string& url, unsigned scrapes) {
  ScrapeCost cost;
  if (!fetch(url)) return fail("scrape", url, "no answer");  // warms up
  const auto calls = SystemCalls::of(server.id);
  const double cpu = server.cpu_s();
  std::vector<double> times;
  for (unsigned i = 0; i < scrapes; ++i) {
    const auto begin = Clock::now();
    const auto body = fetch(url);
    if (!body) return fail("scrape", url, "no answer");
    times.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    cost.series = series_in(*body);
    cost.bytes = body->size();
  }
  cost.cpu_s = (server.cpu_s() - cpu) / scrapes;
  const Result<std::uint64_t> count = calls ? calls->count() : tl::unexpected{calls.error()};
  if (count)
    cost.calls = static_cast<double>(*count) / scrapes;
  else
    fmt::print(stderr, "bench-scrape: system calls are not counted: {}\n", count.error().message());
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  cost.scrape_s = times[times.size() / 2];
  cost.resident_bytes = resident_bytes();
  return cost;
}

Result<ScrapeCost> measure(const Load& load, std::size_t vm_limit, unsigned scrapes) {
  SimulatedVms vms{load};
  Router router{nullptr};
  router.get("/metrics", [&](const Request&) {
    return Response{200, std::string{kMetricsContentType}, exposition(vms.snapshot(vm_limit)), {}};
  });
  auto http = HttpServer::create(router);
  if (!http) return tl::unexpected{http.error()};
  auto socket = listen_tcp("127.0.0.1:0");
  if (!socket) return tl::unexpected{socket.error()};
  if (auto listening = (*http)->listen(std::move(*socket)); !listening) return tl::unexpected{listening.error()};
  Server server{**http};
  return scrape(server, "http://" + (*http)->addresses().front() + "/metrics", scrapes);
}

}  // namespace

Result<ScrapeCost> scrape_cost(const Load& load, std::size_t vm_limit, unsigned scrapes) {
  return in_child<ScrapeCost>("a scrape", [&] { return measure(load, vm_limit, scrapes); });
}

}  // namespace exitledger::bench
