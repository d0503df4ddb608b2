// SPDX-License-Identifier: MIT
#include "certificate/certificate.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "session/json_fields.h"
#include "session/session_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kOperation = "read certificate";
constexpr std::string_view kAlgorithm = "ed25519";
constexpr int kDeepest = 32;  // a session's JSON is 8 deep

Json signature_json(const std::optional<Signature>& signature) {
  if (!signature) return nullptr;
  return {{"algorithm", kAlgorithm}, {"public_key", signature->public_key}, {"value", signature->value}};
}

/// JSON whose only numbers are whole ones of 64 bits.
Result<Json> whole_json(std::string_view text) {
  std::string objection;
  const auto look = [&](int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth > kDeepest) objection = "is nested too deeply";
    if (event == Json::parse_event_t::value && parsed.is_number_float())
      objection = fmt::format("has a number that is no whole one of 64 bits: {}", parsed.dump());
    return depth <= kDeepest;
  };
  Json json = Json::parse(text.begin(), text.end(), look, false);
  if (!objection.empty()) return fail(std::string(kOperation), "document", objection);
  if (json.is_discarded())
    return fail(std::string(kOperation), "document", "is no JSON; it may be cut off, or no certificate at all");
  return json;
}

void only_these(const Json& json, const JsonFields& fields, std::initializer_list<std::string_view> keys) {
  if (!json.is_object()) return;  // found by JsonFields
  for (const auto& [key, value] : json.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      fields.object_to(key, "is nothing that a certificate has");
}

void read_content(const JsonFields& fields, const Json& content, Certificate& certificate) {
  only_these(content, fields, {"format", "version", "sessions"});
  if (const std::string format = fields.text("format"); format != kCertificateFormat)
    fields.object_to("format", fmt::format(R"(is "{}", must be "{}")", format, kCertificateFormat));
  if (const std::uint64_t version = fields.natural("version"); version != kCertificateVersion)
    fields.object_to("version", fmt::format("is {}, and this program reads version {}", version, kCertificateVersion));
  fields.each("sessions", [](const JsonFields&) {});
  if (!content.is_object() || !content.contains("sessions")) return;
  for (const Json& session : content["sessions"]) certificate.sessions.push_back(session);
  if (certificate.sessions.empty()) fields.object_to("sessions", "must hold at least one");
}

std::optional<Signature> read_signature(const JsonFields& fields, const Json& document) {
  if (fields.is_null("signature")) return std::nullopt;
  const JsonFields signature = fields.object("signature");
  only_these(document["signature"], signature, {"algorithm", "public_key", "value"});
  if (const std::string algorithm = signature.text("algorithm"); algorithm != kAlgorithm)
    signature.object_to("algorithm", fmt::format(R"(is "{}", must be "{}")", algorithm, kAlgorithm));
  return Signature{signature.text("public_key"), signature.text("value")};
}

}  // namespace

std::string canonical(const Json& json) {
  // Objects of the plain kind are kept sorted.
  return nlohmann::json(json).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string certificate_content(std::span<const Session> sessions) {
  Json list = Json::array();
  for (const Session& session : sessions) list.push_back(to_json(session));
  return canonical({{"format", kCertificateFormat}, {"version", kCertificateVersion}, {"sessions", std::move(list)}});
}

std::string certificate(const std::string& content, const std::optional<Signature>& signature) {
  // As canonical() would write it, with the bytes that were signed.
  return fmt::format(R"({{"content":{},"sha256":"{}","signature":{}}})", content, sha256_hex(content),
                     canonical(signature_json(signature)));
}

Result<Certificate> read_certificate(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto document = whole_json(text);
  if (!document) return tl::unexpected{document.error()};
  if (!document->is_object() || !document->contains("content"))
    return fail(std::string(kOperation), "document",
                "is no certificate: 'exitledger sessions export --certificate' makes one");
  const std::string canonical_text = canonical(*document);
  const auto [here, there] = std::mismatch(text.begin(), text.end(), canonical_text.begin(), canonical_text.end());
  if (here != text.end() || there != canonical_text.end())
    return fail(std::string(kOperation), "document",
                fmt::format("is not canonical from byte {} on: what stands here was written anew since, and a "
                            "certificate is its bytes (docs/certificates.md)",
                            here - text.begin()));

  JsonErrors errors{std::string(kOperation)};
  const JsonFields fields(*document, "", errors);
  Certificate certificate;
  only_these(*document, fields, {"content", "sha256", "signature"});
  const JsonFields content_fields = fields.object("content");
  certificate.sha256 = fields.text("sha256");
  certificate.signature = read_signature(fields, *document);
  if (errors.first()) return tl::unexpected{*errors.first()};
  const Json& content = (*document)["content"];
  certificate.content = canonical(content);
  read_content(content_fields, content, certificate);
  if (errors.first()) return tl::unexpected{*errors.first()};
  return certificate;
}

}  // namespace exitledger
