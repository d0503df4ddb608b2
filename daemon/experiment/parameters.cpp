// SPDX-License-Identifier: MIT
#include "experiment/parameters.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <set>

namespace exitledger {
namespace {

/// As sysfs shows it: what kstrtobool() takes as Y or N, any base's number in base ten, else the text. A boolean 1 and
/// a number 1 are told apart by nobody, so both are Y.
std::string plain(const std::string& value) {
  static const std::set<std::string, std::less<>> yes{"1", "y", "Y", "t", "T", "on", "ON", "On", "yes", "Yes", "YES"};
  static const std::set<std::string, std::less<>> no{"0", "n", "N", "f", "F", "off", "OFF", "Off", "no", "No", "NO"};
  if (yes.contains(value)) return "Y";
  if (no.contains(value)) return "N";
  char* end = nullptr;
  errno = 0;
  const long long number = std::strtoll(value.c_str(), &end, 0);
  if (value.empty() || *end != '\0' || errno != 0) return value;
  return number == 1 ? "Y" : number == 0 ? "N" : std::to_string(number);
}

}  // namespace

Parameters different(const Parameters& wanted, const Parameters& actual) {
  Parameters others;
  for (const auto& [name, value] : wanted) {
    const auto found = actual.find(name);
    if (found == actual.end() || plain(found->second) != plain(value)) others[name] = value;
  }
  return others;
}

Result<void> took(const Parameters& wanted, const Parameters& actual) {
  const Parameters others = different(wanted, actual);
  if (others.empty()) return {};
  const auto& [name, value] = *others.begin();
  const auto found = actual.find(name);
  return fail("load", "the vendor module",
              found == actual.end() ? fmt::format("it has no parameter {}", name)
                                    : fmt::format("{}={} did not take: it is {}", name, value, found->second));
}

Result<SetByHand> set_by_hand(const Parameters& original, const std::string& paging, const Reload& reload) {
  auto actual = reload({});
  if (!actual) return tl::unexpected{actual.error()};
  SetByHand by_hand{{}, different(original, *actual)};
  const auto mode = by_hand.others.find(paging);
  if (mode == by_hand.others.end()) return by_hand;
  by_hand.paging.insert(*mode);
  actual = reload(by_hand.paging);
  if (!actual) return tl::unexpected{actual.error()};
  if (auto right = took(by_hand.paging, *actual); !right) return tl::unexpected{right.error()};
  by_hand.others = different(original, *actual);
  return by_hand;
}

Result<void> restore(const Parameters& original, const std::string& paging, const Reload& reload) {
  const auto by_hand = set_by_hand(original, paging, reload);
  if (!by_hand) return tl::unexpected{by_hand.error()};
  if (by_hand->others.empty()) return {};
  Parameters all = by_hand->paging;
  all.insert(by_hand->others.begin(), by_hand->others.end());
  const auto actual = reload(all);
  return actual ? took(original, *actual) : tl::unexpected{actual.error()};
}

}  // namespace exitledger
