// SPDX-License-Identifier: MIT
// exitledger leaf: the leaves of this host, read through a micro guest.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/backend.h"
#include "cli/commands.h"

namespace exitledger::cli {
namespace {

void print_table(const nlohmann::json& report, bool all) {
  fmt::print("leaf ABI {}, {}, paging {}, scope {}, instance {}\n", report.at("abi").get<unsigned>(),
             report.at("vendor").get<std::string>(), report.at("paging").get<std::string>(),
             report.at("scope").get<std::string>(), report.at("instance").get<std::string>());
  const bool cycles = report.at("cycles_kept").get<bool>();
  fmt::print("{:>6}  {:<24} {:>20}{}\n", "reason", "name", "exits", cycles ? fmt::format(" {:>22}", "cycles") : "");
  for (const auto& row : report.at("reasons")) {
    const auto exits = row.at("exits").get<std::uint64_t>();
    if (exits == 0 && !all) continue;
    fmt::print("{:>6}  {:<24} {:>20}", row.at("number").get<unsigned>(), row.at("name").get<std::string>(),
               grouped(exits));
    if (row.contains("cycles")) fmt::print(" {:>22}", grouped(row.at("cycles").get<std::uint64_t>()));
    fmt::print("\n");
  }
  fmt::print("{:>6}  {:<24} {:>20}\n", "", "all exits", grouped(report.at("total").get<std::uint64_t>()));
}

}  // namespace

int run_leaf(const Common& common, const LeafOptionsCli& options) {
  const auto backend = any_backend(common);
  if (!backend) return complain(backend.error());
  const auto report = (*backend)->call("POST", "/api/v1/leaf", {{"scope", std::string{to_string(options.scope)}}});
  if (!report) return complain(report.error());
  if (options.json)
    fmt::print("{}\n", report->dump(2));
  else
    print_table(*report, options.all);
  return 0;
}

}  // namespace exitledger::cli
