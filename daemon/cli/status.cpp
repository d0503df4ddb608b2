// SPDX-License-Identifier: MIT
// exitledger status: what the daemon sees, and whether it is ready.
#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "base/text.h"
#include "cli/backend.h"
#include "cli/commands.h"

namespace exitledger::cli {
namespace {

constexpr std::chrono::milliseconds kPoll{200};

Result<nlohmann::json> ask_daemon(const Common& common) {
  auto backend = daemon_backend(common);
  if (!backend) return tl::unexpected{backend.error()};
  if (!*backend) return fail("ask the daemon on", common.api_socket, "nobody listens there: start 'exitledger serve'");
  return (*backend)->call("GET", "/api/v1/status", {});
}

void print_status(const nlohmann::json& status) {
  const auto text = [](const nlohmann::json& value) { return value.is_null() ? "none" : value.get<std::string>(); };
  fmt::print("exitledger {}: {}\n", text(status.at("version")), status.at("ready").get<bool>() ? "ready" : "not ready");
  if (status.at("attached").get<bool>())
    fmt::print("eBPF witness: attached, vCPU death hook {}\n", text(status.at("death_hook")));
  else
    fmt::print("eBPF witness: not attached: {}\n", text(status.at("detached_because")));
  const auto& leaf = status.at("leaf");
  fmt::print("leaf witness: {}{}{}\n", text(leaf.at("state")), text(leaf.at("detail")).empty() ? "" : ": ",
             text(leaf.at("detail")));
  if (status.contains("other_vendor")) {
    const auto& other = status.at("other_vendor");
    fmt::print("{} is neither VMX nor SVM: {}\n", text(other.at("module")),
               other.at("counted").get<bool>()
                   ? fmt::format("{} exits by the plain tracepoint, which may miss some",
                                 other.at("exits").is_null() ? "none" : grouped(other.at("exits").get<std::uint64_t>()))
                   : "not counted: " + text(other.at("why")));
  }
  fmt::print("vendor module: {}, paging {}\n", text(status.at("vendor")), text(status.at("paging")));
  if (!status.at("session").is_null())
    fmt::print("session {}: {} exits\n", text(status.at("session")), grouped(status.at("exits").get<std::uint64_t>()));
}

}  // namespace

int run_status(const Common& common, const StatusOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{options.wait_s};
  auto status = ask_daemon(common);
  const auto ready = [&] { return status && status->at("ready").get<bool>(); };
  while (!ready() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kPoll);
    status = ask_daemon(common);
  }
  if (!status) return complain(status.error());
  if (options.json)
    fmt::print("{}\n", status->dump(2));
  else
    print_status(*status);
  return ready() ? 0 : 2;
}

}  // namespace exitledger::cli
