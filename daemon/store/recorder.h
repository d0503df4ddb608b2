// SPDX-License-Identifier: MIT
// Writes the sessions of the books into the store while they run.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "base/log.h"
#include "model/session.h"
#include "store/store.h"

namespace exitledger {

/// Not thread-safe. A session in which no guest exited and that nobody recorded is not kept once it has ended.
class Recorder {
 public:
  /// `log` is told when writing stops and when it goes on again.
  Recorder(std::unique_ptr<Store> store, std::chrono::milliseconds interval, Log log)
      : store_(std::move(store)), interval_(interval), log_(std::move(log)) {}

  /// `sessions`: those that the books keep, oldest first. Writes what has begun, ended or was judged since the last
  /// call, and of the running one at least every interval what has moved. Never fails: see broken_because().
  void follow(std::span<const Session* const> sessions);

  /// Writes a session now, as it stands. Error: what broken_because() then says.
  [[nodiscard]] Result<void> keep(const Session& session);
  /// True once per interval: what follow() is given next should be of now, not of the last reading of the leaf, for
  /// readings may be rare, or held.
  [[nodiscard]] bool wants_sample();

  /// Why the newest write failed, one line; empty while everything is stored. Each follow() tries again.
  [[nodiscard]] const std::string& broken_because() const { return broken_because_; }
  [[nodiscard]] std::uint64_t failed_writes() const { return failed_writes_; }
  [[nodiscard]] Store& store() { return *store_; }

 private:
  struct Written {
    std::uint64_t rounds = 0, exits = 0;
    bool ended = false;
    std::optional<int> status;  ///< of the command: told after a load of the module ended the session
    std::chrono::steady_clock::time_point at;
  };
  [[nodiscard]] bool is_due(const Session& session) const;
  [[nodiscard]] Result<void> write(const Session& session);
  void note(const Result<void>& done);

  std::unique_ptr<Store> store_;
  std::chrono::milliseconds interval_;
  Log log_;
  std::map<std::string, Written> written_;  ///< by id, of the sessions that the books still keep
  std::chrono::steady_clock::time_point next_sample_;
  std::string broken_because_;
  std::uint64_t failed_writes_ = 0;
};

/// No exit but the reader's own, and no command that it was recorded around, nor a name.
[[nodiscard]] bool is_empty(const Session& session);

}  // namespace exitledger
