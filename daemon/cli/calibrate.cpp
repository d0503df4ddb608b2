// SPDX-License-Identifier: MIT
// exitledger calibrate: exits caused on purpose, in known numbers, and what every witness counted of them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/backend.h"
#include "cli/commands.h"

namespace exitledger::cli {
namespace {

using Json = nlohmann::json;

std::string count_text(const Json& number) { return number.is_null() ? "-" : grouped(number.get<std::uint64_t>()); }

void print_table(const Json& answer) {
  fmt::print("{:>6}  {:<22} {:<10} {:>12} {:>12} {:>12}  {}\n", "reason", "name", "kind", "expected", "eBPF", "leaf",
             "verdict");
  for (const Json& row : answer.at("reasons")) {
    const std::string why = row.at("why").get<std::string>();
    fmt::print("{:>6}  {:<22} {:<10} {:>12} {:>12} {:>12}  {}{}\n", row.at("number").get<unsigned>(),
               row.at("name").get<std::string>(), row.at("kind").get<std::string>(), count_text(row.at("expected")),
               count_text(row.at("ebpf")), count_text(row.at("leaf")), row.at("verdict").get<std::string>(),
               why.empty() ? "" : ": " + why);
  }
  for (const Json& stat : answer.at("kvm_stats"))
    fmt::print("KVM's statistic {}: {} expected, {}\n", stat.at("name").get<std::string>(),
               count_text(stat.at("expected")), count_text(stat.at("value")));
  const std::string why = answer.at("why").get<std::string>();
  fmt::print("calibration, {} paging: {}{}\n", answer.at("paging").get<std::string>(),
             answer.at("verdict").get<std::string>(), why.empty() ? "" : ": " + why);
}

int status_of(const std::string& verdict) {
  for (const Verdict each : {Verdict::kAgrees, Verdict::kDisagrees})
    if (verdict == to_string(each)) return exit_status(each);
  return exit_status(Verdict::kCannotTell);
}

}  // namespace

int run_calibrate(const Common& common, const CalibrateOptions& options) {
  const auto backend = any_backend(common);
  if (!backend) return complain(backend.error());
  const auto answer = (*backend)->call("POST", "/api/v1/calibrate", {{"count", std::to_string(options.count)}});
  if (!answer) return complain(answer.error());
  if (options.json)
    fmt::print("{}\n", answer->dump(2));
  else
    print_table(*answer);
  return status_of(answer->at("verdict").get<std::string>());
}

}  // namespace exitledger::cli
