// SPDX-License-Identifier: MIT
// Names and passwords against bcrypt hashes.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace exitledger {

/// A bcrypt check costs some 50 ms of the one thread that everything runs in. So a password that was right is
/// remembered and compared as it is, and of the others only some are checked per second. Not thread-safe.
class BasicAuth {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;
  static constexpr unsigned kChecksPerSecond = 5;

  enum class Answer { kYes, kNo, kTooMany };

  /// `users`: name to bcrypt hash, not empty.
  explicit BasicAuth(std::map<std::string, std::string> users, Now now = std::chrono::steady_clock::now);

  /// kTooMany: not checked; ask again in a second. A name that does not exist takes as long as a
  /// wrong password of the first user.
  [[nodiscard]] Answer check(const std::string& name, const std::string& password);

 private:
  [[nodiscard]] bool may_hash();

  std::map<std::string, std::string> users_;
  std::map<std::string, std::string> known_good_;  ///< at most one password per user
  Now now_;
  std::chrono::steady_clock::time_point second_began_;
  unsigned checked_ = 0;
};

}  // namespace exitledger
