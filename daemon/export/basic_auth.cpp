// SPDX-License-Identifier: MIT
#include "export/basic_auth.h"

#include <crypt.h>

#include <algorithm>
#include <functional>
#include <iterator>
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
    : users_(std::move(users)), now_(std::move(now)), next_hash_(now_()) {}

const std::string& BasicAuth::hash_for(const std::string& name) const {
  if (const auto user = users_.find(name); user != users_.end()) return user->second;
  // Costs may differ: like the users' own, the one that a name gets is always the same.
  const std::size_t any = std::hash<std::string>{}(name) % users_.size();
  return std::next(users_.begin(), static_cast<std::ptrdiff_t>(any))->second;
}

bool BasicAuth::was_wrong_too_often(const std::string& address, Time now) {
  const auto found = wrong_.find(address);
  if (found == wrong_.end()) return false;
  if (now - found->second.since < kForgiven) return found->second.times >= kWrongPerAddress;
  wrong_.erase(found);
  return false;
}

void BasicAuth::was_wrong(const std::string& address, Time now) {
  if (wrong_.size() >= kAddresses && !wrong_.contains(address))
    wrong_.erase(std::min_element(wrong_.begin(), wrong_.end(),
                                  [](const auto& a, const auto& b) { return a.second.since < b.second.since; }));
  ++wrong_.try_emplace(address, Wrong{now}).first->second.times;
}

BasicAuth::Answer BasicAuth::check(const std::string& name, const std::string& password, const std::string& address) {
  if (const auto good = known_good_.find(name); good != known_good_.end() && same(password, good->second))
    return Answer::kYes;
  const Time before = now_();
  if (before < next_hash_ || was_wrong_too_often(address, before)) return Answer::kTooMany;
  const bool right = hashes_to(password, hash_for(name)) && users_.contains(name);
  if (!right) {
    const Time after = now_();
    next_hash_ = after + (after - before) * (kParts - 1);
    was_wrong(address, after);
    return Answer::kNo;
  }
  known_good_[name] = password;
  return Answer::kYes;
}

}  // namespace exitledger
