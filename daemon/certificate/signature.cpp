// SPDX-License-Identifier: MIT
#include "certificate/signature.h"

#include <fmt/format.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include <algorithm>
#include <array>
#include <memory>
#include <type_traits>
#include <vector>

namespace exitledger {
namespace {

constexpr std::size_t kKeyBytes = 32, kValueBytes = 64;
constexpr std::string_view kDigits = "0123456789abcdef";

struct FreePrivate {
  void operator()(gnutls_privkey_t key) const { gnutls_privkey_deinit(key); }
};
struct FreePublic {
  void operator()(gnutls_pubkey_t key) const { gnutls_pubkey_deinit(key); }
};
using PrivateKey = std::unique_ptr<std::remove_pointer_t<gnutls_privkey_t>, FreePrivate>;
using PublicKey = std::unique_ptr<std::remove_pointer_t<gnutls_pubkey_t>, FreePublic>;

/// Bytes that GnuTLS allocated.
class Allocated {
 public:
  Allocated() = default;
  ~Allocated() { gnutls_free(datum_.data); }
  Allocated(const Allocated&) = delete;
  Allocated& operator=(const Allocated&) = delete;
  [[nodiscard]] gnutls_datum_t* out() { return &datum_; }
  [[nodiscard]] std::vector<unsigned char> bytes() const { return {datum_.data, datum_.data + datum_.size}; }

 private:
  gnutls_datum_t datum_{};
};

/// GnuTLS takes what it only reads as a pointer to what it could write.
gnutls_datum_t datum_of(std::string_view bytes) {
  auto* const data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return {data, static_cast<unsigned>(bytes.size())};
}
gnutls_datum_t datum_of(std::vector<unsigned char>& bytes) {
  return {bytes.data(), static_cast<unsigned>(bytes.size())};
}

template <typename Bytes>
std::string hex_of(const Bytes& bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

/// Empty if it is not `size` bytes in hex.
std::vector<unsigned char> bytes_of(std::string_view hex, std::size_t size) {
  if (hex.size() != 2 * size || hex.find_first_not_of(kDigits) != std::string_view::npos) return {};
  std::vector<unsigned char> bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<unsigned char>(kDigits.find(hex[i]) << 4 | kDigits.find(hex[i + 1])));
  return bytes;
}

Failure failed(const std::string& operation, const std::string& name, int code) {
  return fail(operation, name, gnutls_strerror(code));
}

Result<std::string> hex_of(const PublicKey& key, const std::string& name) {
  gnutls_ecc_curve_t curve{};
  Allocated x, y;
  const int code = gnutls_pubkey_export_ecc_raw2(key.get(), &curve, x.out(), y.out(), 0);
  if (code < 0 || curve != GNUTLS_ECC_CURVE_ED25519)
    return fail("read the key", name, "it is not an Ed25519 key (openssl genpkey -algorithm ed25519 makes one)");
  return hex_of(x.bytes());
}

Result<PublicKey> new_public_key() {
  gnutls_pubkey_t made = nullptr;
  if (const int code = gnutls_pubkey_init(&made); code < 0) return failed("make", "a public key", code);
  return PublicKey{made};
}

Result<PrivateKey> private_key_from(const std::string& pem, const std::string& name) {
  gnutls_privkey_t made = nullptr;
  if (const int code = gnutls_privkey_init(&made); code < 0) return failed("make", "a private key", code);
  PrivateKey key{made};
  const gnutls_datum_t text = datum_of(pem);
  const int code = gnutls_privkey_import_x509_raw(made, &text, GNUTLS_X509_FMT_PEM, nullptr, GNUTLS_PKCS_PLAIN);
  if (code < 0) return failed("read the private key", name, code);
  return key;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  // Fails for an algorithm that is switched off alone; then no digest is equal to this.
  if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes.data(), bytes.size(), digest.data()) < 0) return "no SHA-256";
  return hex_of(digest);
}

Result<Signature> sign(std::string_view bytes, const std::string& pem, const std::string& name) {
  auto key = private_key_from(pem, name);
  if (!key) return tl::unexpected{key.error()};
  auto public_key = new_public_key();
  if (!public_key) return tl::unexpected{public_key.error()};
  if (const int code = gnutls_pubkey_import_privkey(public_key->get(), key->get(), 0, 0); code < 0)
    return failed("read the public part of", name, code);
  auto hex = hex_of(*public_key, name);
  if (!hex) return tl::unexpected{hex.error()};
  const gnutls_datum_t data = datum_of(bytes);
  Allocated value;
  if (const int code = gnutls_privkey_sign_data2(key->get(), GNUTLS_SIGN_EDDSA_ED25519, 0, &data, value.out());
      code < 0)
    return failed("sign with", name, code);
  return Signature{*std::move(hex), hex_of(value.bytes())};
}

Result<bool> is_signature_of(const Signature& signature, std::string_view bytes) {
  std::vector<unsigned char> key_bytes = bytes_of(signature.public_key, kKeyBytes);
  std::vector<unsigned char> value_bytes = bytes_of(signature.value, kValueBytes);
  if (key_bytes.empty()) return fail("read the signature", "public_key", "must be 64 hex digits in small letters");
  if (value_bytes.empty()) return fail("read the signature", "value", "must be 128 hex digits in small letters");
  auto key = new_public_key();
  if (!key) return tl::unexpected{key.error()};
  const gnutls_datum_t x = datum_of(key_bytes), value = datum_of(value_bytes), data = datum_of(bytes);
  if (const int code = gnutls_pubkey_import_ecc_raw(key->get(), GNUTLS_ECC_CURVE_ED25519, &x, nullptr); code < 0)
    return failed("read the signature", "public_key", code);
  return gnutls_pubkey_verify_data2(key->get(), GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &value) >= 0;
}

Result<std::string> public_key_of(const std::string& pem, const std::string& name) {
  auto key = new_public_key();
  if (!key) return tl::unexpected{key.error()};
  const gnutls_datum_t text = datum_of(pem);
  if (const int code = gnutls_pubkey_import(key->get(), &text, GNUTLS_X509_FMT_PEM); code < 0)
    return fail("read the public key", name,
                fmt::format("{}; it must be in PEM (openssl pkey -in KEY -pubout)", gnutls_strerror(code)));
  return hex_of(*key, name);
}

}  // namespace exitledger
