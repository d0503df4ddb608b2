// SPDX-License-Identifier: MIT
// Digest and signature of a certificate: SHA-256, and Ed25519 (RFC 8032) as GnuTLS makes it.
#pragma once

#include <string>
#include <string_view>

#include "model/result.h"

namespace exitledger {

/// 64 hex digits, small letters.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// In hex, small letters, so that no two texts mean one value.
struct Signature {
  std::string public_key;  ///< 32 bytes: 64 digits
  std::string value;       ///< 64 bytes: 128 digits
};

/// Signs the bytes themselves. `pem`: a private key, not encrypted (openssl genpkey -algorithm ed25519); `name` is what
/// an Error calls it. Errors: no such key in it, a key of another kind.
[[nodiscard]] Result<Signature> sign(std::string_view bytes, const std::string& pem, const std::string& name);

/// Whether it is the key's signature of these bytes. Error: not of that length, not hex digits, no key.
[[nodiscard]] Result<bool> is_signature_of(const Signature& signature, std::string_view bytes);

/// The public key of a PEM text (openssl pkey -pubout), as Signature::public_key spells it.
[[nodiscard]] Result<std::string> public_key_of(const std::string& pem, const std::string& name);

}  // namespace exitledger
