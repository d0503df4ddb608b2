// SPDX-License-Identifier: MIT
#include "export/basic_auth.h"

#include <crypt.h>

#include <memory>
#include <utility>

namespace exitledger {
namespace {

// Takes as long for a wrong text as for the right one of that length.
bool same(const std::string& a, const std::string& b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(a[i] ^ (b.empty() ? '\1' : b[i % b.size()]));
  return difference == 0;
}

bool hashes_to(const std::string& password, const std::string& hash) {
  const auto work = std::make_unique<crypt_data>();
  const char* const made = crypt_r(password.c_str(), hash.c_str(), work.get());
  return made != nullptr && made[0] != '*' && same(made, hash);
}

}  // namespace

BasicAuth::BasicAuth(std::map<std::string, std::string> users, Now now)
    : users_(std::move(users)), now_(std::move(now)), second_began_(now_()) {}

bool BasicAuth::may_hash() {
  const auto now = now_();
  if (now - second_began_ >= std::chrono::seconds{1}) {
    second_began_ = now;
    checked_ = 0;
  }
  return checked_++ < kChecksPerSecond;
}

BasicAuth::Answer BasicAuth::check(const std::string& name, const std::string& password) {
  if (const auto good = known_good_.find(name); good != known_good_.end() && same(password, good->second))
    return Answer::kYes;
  if (!may_hash()) return Answer::kTooMany;
  const auto user = users_.find(name);
  const std::string& hash = user != users_.end() ? user->second : users_.begin()->second;
  const bool right = hashes_to(password, hash);
  if (user == users_.end() || !right) return Answer::kNo;
  known_good_[name] = password;
  return Answer::kYes;
}

}  // namespace exitledger
