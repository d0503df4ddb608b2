// SPDX-License-Identifier: MIT
// exitledger verify: a certificate, computed again from what it holds.
#include "certificate/verify.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "certificate/signature.h"
#include "cli/commands.h"
#include "cli/input_file.h"

namespace exitledger::cli {
namespace {

Result<std::optional<std::string>> demanded_key(const std::string& file) {
  if (file.empty()) return std::nullopt;
  const auto pem = read_input(file);
  if (!pem) return tl::unexpected{pem.error()};
  auto key = public_key_of(*pem, file);
  if (!key) return tl::unexpected{key.error()};
  return std::move(*key);
}

}  // namespace

int run_verify(const VerifyOptions& options) {
  const auto key = demanded_key(options.key);
  if (!key) return complain(key.error());
  const auto text = read_input(options.file);
  if (!text) return complain(text.error());
  const auto verification = verify(*text, *key);
  if (!verification) return complain(within(input_name(options.file), verification.error()));
  fmt::print("{}\n", options.json ? to_json(*verification).dump(2) : to_text(*verification));
  return verification->holds() ? 0 : 1;
}

}  // namespace exitledger::cli
