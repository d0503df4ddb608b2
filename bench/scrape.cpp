// SPDX-License-Identifier: MIT
// bench-scrape: what a scrape of many VMs costs, from the probe's slots to the last byte at the client. ./dev bench
// scrape
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "scrape_cost.h"

namespace exitledger::bench {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kNoLimit = 262'144;    // the most that --collector.vm.limit takes
constexpr std::size_t kDefaultLimit = 1000;  // of it
constexpr double kMiB = 1024.0 * 1024.0;

struct Row {
  std::string_view name;
  Load load;
  std::size_t vm_limit;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> rows{{"no VM", {.vms = 0}, kDefaultLimit},
                                     {"10 VMs", {.vms = 10}, kDefaultLimit},
                                     {"100 VMs", {.vms = 100}, kDefaultLimit},
                                     {"1,000 VMs, default limit", {.vms = 1000}, kDefaultLimit},
                                     {"4,000 VMs, default limit", {.vms = 4000}, kDefaultLimit},
                                     {"4,000 VMs, no limit", {.vms = 4000}, kNoLimit}};
  return rows;
}

Json json_of(const Row& row, const ScrapeCost& cost, double ratio) {
  return {{"name", row.name},
          {"series", cost.series},
          {"bytes", cost.bytes},
          {"seconds", cost.scrape_s},
          {"cpu_seconds", cost.cpu_s},
          {"system_calls", cost.calls ? Json(*cost.calls) : Json()},
          {"resident_bytes", cost.resident_bytes},
          {"ratio", ratio}};
}

int run(unsigned scrapes, bool json) {
  Json answer = Json::array();
  double base = 0;
  if (!json)
    fmt::print("{:<26} {:>9} {:>12} {:>9} {:>8} {:>8} {:>8} {:>9}\n", "8 vCPUs, 40 reasons each", "series", "bytes",
               "ms", "ratio", "CPU ms", "calls", "RSS MiB");
  for (const Row& row : rows()) {
    const auto cost = scrape_cost(row.load, row.vm_limit, scrapes);
    if (!cost) {
      fmt::print(stderr, "bench-scrape: {}\n", cost.error().message());
      return 1;
    }
    if (base == 0) base = cost->scrape_s;
    const double ratio = cost->scrape_s / base;
    answer.push_back(json_of(row, *cost, ratio));
    if (!json)
      fmt::print("{:<26} {:>9} {:>12} {:>9.2f} {:>8.1f} {:>8.2f} {:>8} {:>9.1f}\n", row.name, cost->series, cost->bytes,
                 cost->scrape_s * 1e3, ratio, cost->cpu_s * 1e3,
                 cost->calls ? fmt::format("{:.1f}", *cost->calls) : "-",
                 static_cast<double>(cost->resident_bytes) / kMiB);
  }
  if (json) fmt::print("{}\n", answer.dump(2));
  return 0;
}

}  // namespace
}  // namespace exitledger::bench

int main(int argc, char** argv) {
  CLI::App app{
      "What a scrape of many VMs costs: series, bytes, the median time of a scrape and its ratio to a host without "
      "VMs; CPU time and system calls (as root) of the server per scrape, and its memory"};
  unsigned scrapes = 9;
  bool json = false;
  app.add_option("--scrapes", scrapes, "Scrapes per row")->check(CLI::Range(1U, 1000U))->capture_default_str();
  app.add_flag("--json", json, "JSON on stdout");
  CLI11_PARSE(app, argc, argv);
  return exitledger::bench::run(scrapes, json);
}
