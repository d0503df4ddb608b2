// SPDX-License-Identifier: MIT
// Names and passwords against bcrypt hashes.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace exitledger {

/// A bcrypt check takes from a few to some hundred milliseconds of the one thread that everything runs in. So a
/// password that was right is remembered and compared as it is, and of the others only so many are checked that hashing
/// wrong ones takes at most a fifth of the time; an address that was wrong a few times is not checked for a
/// minute: to keep everybody from being checked takes many addresses (behind a proxy, which is one, a single client),
/// and even then not who was right before. Not thread-safe.
class BasicAuth {
 public:
  using Now = std::function<std::chrono::steady_clock::time_point()>;
  static constexpr int kParts = 5;                 ///< hashing wrong ones takes one part of so many of the time
  static constexpr unsigned kWrongPerAddress = 3;  ///< within kForgiven; after that the address is not checked
  static constexpr std::chrono::seconds kForgiven{60};
  static constexpr std::size_t kAddresses = 1024;  ///< remembered at once; beyond that the oldest is forgotten

  enum class Answer { kYes, kNo, kTooMany };

  /// `users`: name to bcrypt hash, not empty.
  explicit BasicAuth(std::map<std::string, std::string> users, Now now = std::chrono::steady_clock::now);

  /// `address`: the client's, without its port. kTooMany: not checked; ask again within kForgiven. A name that does not
  /// exist takes as long as a wrong password of one of the users, always the same one, so that time does not tell them
  /// apart.
  [[nodiscard]] Answer check(const std::string& name, const std::string& password, const std::string& address);

 private:
  struct Wrong {
    std::chrono::steady_clock::time_point since;
    unsigned times = 0;
  };
  using Time = std::chrono::steady_clock::time_point;
  [[nodiscard]] const std::string& hash_for(const std::string& name) const;
  [[nodiscard]] bool was_wrong_too_often(const std::string& address, Time now);
  void was_wrong(const std::string& address, Time now);

  std::map<std::string, std::string> users_;
  std::map<std::string, std::string> known_good_;  ///< at most one password per user
  std::map<std::string, Wrong> wrong_;             ///< by address
  Now now_;
  Time next_hash_;
};

}  // namespace exitledger
