// SPDX-License-Identifier: MIT
// What systemd is told of the daemon and what it hands over. Started by anybody else, all of it does nothing.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger::cli {

/// sd_notify(3) to $NOTIFY_SOCKET, sd_watchdog_enabled(3). A message that cannot be sent is systemd's to notice.
class ServiceManager {
 public:
  ServiceManager();

  /// READY=1: sockets listen, and the books are kept from here on.
  void ready() const;
  /// One line for `systemctl status`; sent only if it changed.
  void status(const std::string& line);
  /// WATCHDOG=1. At least once per alive_every(), if there is a watchdog; cheap to call more often.
  void alive() const;
  /// STOPPING=1.
  void stopping() const;

  /// Half of what systemd waits for; nullopt without WatchdogSec=.
  [[nodiscard]] std::optional<std::chrono::milliseconds> alive_every() const { return alive_every_; }

 private:
  std::optional<std::chrono::milliseconds> alive_every_;
  std::string status_;
};

/// Sockets of the .socket unit, in its order (sd_listen_fds(3)); the environment that names them is cleared. Error:
/// there are none.
[[nodiscard]] Result<std::vector<UniqueFd>> passed_sockets();

}  // namespace exitledger::cli
