// SPDX-License-Identifier: MIT
#include "model/result.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace exitledger {

std::string Error::message() const {
  std::string text = operation;
  if (!object.empty()) text += " " + object;
  if (code != 0) text += ": " + std::generic_category().message(code);
  if (!detail.empty()) text += (code != 0 ? " (" + detail + ")" : ": " + detail);
  return text;
}

Failure fail_errno(std::string operation, std::string object, std::string detail) {
  const int code = errno;
  return Failure{Error{std::move(operation), std::move(object), code, std::move(detail)}};
}

Failure fail(std::string operation, std::string object, std::string detail, int code) {
  return Failure{Error{std::move(operation), std::move(object), code, std::move(detail)}};
}

}  // namespace exitledger
