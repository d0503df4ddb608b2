// SPDX-License-Identifier: MIT
// A certificate: sessions that another person can check, as one line of canonical JSON (docs/certificates.md).
//
// {"content":{"format":"exitledger-certificate","sessions":[…],"version":1},
//  "sha256":"…","signature":null or {"algorithm":"ed25519","public_key":"…","value":"…"}}
// Digest and signature are of the canonical bytes of `content`. Equal sessions give equal certificates.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "certificate/signature.h"
#include "model/result.h"
#include "model/session.h"

namespace exitledger {

inline constexpr std::string_view kCertificateFormat = "exitledger-certificate";
inline constexpr std::uint64_t kCertificateVersion = 1;

/// Keys sorted by their bytes, no blanks, UTF-8 with the shortest escapes: RFC 8785, but numbers are whole ones of 64
/// bits and written in full. Bytes of a string that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string canonical(const nlohmann::ordered_json& json);

/// The bytes that digest and signature are made of.
[[nodiscard]] std::string certificate_content(std::span<const Session> sessions);

/// The file, without a line end. `content` as certificate_content() gives it.
[[nodiscard]] std::string certificate(const std::string& content, const std::optional<Signature>& signature);

struct Certificate {
  std::string content;                           ///< canonical bytes
  std::vector<nlohmann::ordered_json> sessions;  ///< not read yet
  std::string sha256;                            ///< as stated
  std::optional<Signature> signature;            ///< as stated
};

/// Takes the form apart and checks nothing of what it says. Errors: no JSON, not canonical (one line end after it is
/// allowed), another format or version, a field missing, of the wrong type or unknown.
[[nodiscard]] Result<Certificate> read_certificate(std::string_view text);

}  // namespace exitledger
