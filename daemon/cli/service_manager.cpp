// SPDX-License-Identifier: MIT
#include "cli/service_manager.h"

#include <systemd/sd-daemon.h>

#include <cerrno>
#include <cstdint>

namespace exitledger::cli {
namespace {

constexpr int kKeepEnvironment = 0, kClearEnvironment = 1;

}  // namespace

ServiceManager::ServiceManager() {
  std::uint64_t limit_us = 0;
  if (sd_watchdog_enabled(kKeepEnvironment, &limit_us) > 0)
    alive_every_ = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds{limit_us} / 2);
}

void ServiceManager::ready() const { sd_notify(kKeepEnvironment, "READY=1"); }
void ServiceManager::stopping() const { sd_notify(kKeepEnvironment, "STOPPING=1"); }
void ServiceManager::alive() const {
  if (alive_every_) sd_notify(kKeepEnvironment, "WATCHDOG=1");
}

void ServiceManager::status(const std::string& line) {
  if (line == status_) return;
  status_ = line;
  sd_notify(kKeepEnvironment, ("STATUS=" + line).c_str());
}

Result<std::vector<UniqueFd>> passed_sockets() {
  const int count = sd_listen_fds(kClearEnvironment);
  if (count < 0) return fail("take sockets", "of systemd", "LISTEN_FDS is no number", -count);
  if (count == 0)
    return fail("take sockets", "of systemd",
                "none was passed: --web.systemd-socket is for a service with a .socket unit");
  std::vector<UniqueFd> sockets;
  for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; ++fd) sockets.emplace_back(fd);
  return sockets;
}

}  // namespace exitledger::cli
