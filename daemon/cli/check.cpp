// SPDX-License-Identifier: MIT
// exitledger check: both books of the running session, reason by reason, and the verdict.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/backend.h"
#include "cli/commands.h"
#include "cli/session_text.h"
#include "session/session_json.h"

namespace exitledger::cli {
namespace {

void print_guests(const nlohmann::json& answer) {
  const Vendor vendor = answer.at("vendor") == to_string(Vendor::kSvm) ? Vendor::kSvm : Vendor::kVmx;
  for (const auto& [label, count] : answer.at("judged").items())
    fmt::print("{:<14} {:>12}\n", label, grouped(count.get<std::uint64_t>()));
  if (const auto lost = answer.at("losses").get<std::uint64_t>(); lost > 0)
    fmt::print("{:<14} {:>12}  events of vCPUs without a book: not every answer was judged (serve --slots)\n", "lost",
               grouped(lost));
  for (const auto& row : answer.at("different"))
    fmt::print("different: VM {}, vCPU {}, {} (scope {}): told {}, not {} to {}; {} ns\n",
               row.at("vm").get<std::uint64_t>(), row.at("vcpu").get<unsigned>(),
               reason_label(vendor, row.at("reason").get<Reason>()), row.at("scope").get<unsigned>(),
               grouped(row.at("leaf").get<std::uint64_t>()), grouped(row.at("least").get<std::uint64_t>()),
               grouped(row.at("most").get<std::uint64_t>()), row.at("time_ns").get<std::uint64_t>());
}

int check_guests(const Common& common, bool json) {
  const auto daemon = daemon_backend(common);
  if (!daemon) return complain(daemon.error());
  if (!*daemon) return complain({"judge", "what guests were told", 0, "needs a daemon: exitledger serve"});
  const auto answer = (*daemon)->call("GET", "/api/v1/answers", {});
  if (!answer) return complain(answer.error());
  const auto& judged = answer->at("judged");
  if (json)
    fmt::print("{}\n", answer->dump(2));
  else
    print_guests(*answer);
  if (judged.at("different").get<std::uint64_t>() > 0) return exit_status(Verdict::kDisagrees);
  const bool all_judged = answer->at("losses").get<std::uint64_t>() == 0;
  return exit_status(all_judged && judged.at("equal").get<std::uint64_t>() > 0 ? Verdict::kAgrees
                                                                               : Verdict::kCannotTell);
}

}  // namespace

int run_check(const Common& common, const CheckOptions& options) {
  if (options.guests) return check_guests(common, options.json);
  const auto backend = any_backend(common);
  if (!backend) return complain(backend.error());
  ApiParameters parameters;
  if (options.rounds != 0) parameters["rounds"] = std::to_string(options.rounds);
  const auto answer = (*backend)->call("POST", "/api/v1/check", parameters);
  if (!answer) return complain(answer.error());
  const auto session = session_from_json(*answer);
  if (!session) return complain(session.error());
  if (options.json)
    fmt::print("{}\n", answer->dump(2));
  else
    print_session(*session);
  return exit_status(judged_with_time(*session));
}

}  // namespace exitledger::cli
