// SPDX-License-Identifier: MIT
#include "certificate/verify.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "base/text.h"
#include "certificate/certificate.h"
#include "compare/compare.h"
#include "session/session_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

Result<void> check_signature(const Certificate& certificate, const std::optional<std::string>& public_key,
                             Verification& into) {
  if (!certificate.signature) {
    if (public_key) into.refuted.push_back({"signature", "there is none, and one of the key given was asked for"});
    return {};
  }
  const auto right = is_signature_of(*certificate.signature, certificate.content);
  if (!right) return tl::unexpected{right.error()};
  if (!*right)
    into.refuted.push_back({"signature.value", "is not the signature that public_key makes of this content"});
  else
    into.signer = certificate.signature->public_key;
  if (public_key && *public_key != certificate.signature->public_key)
    into.refuted.push_back({"signature.public_key",
                            fmt::format("is {}, the key given is {}", certificate.signature->public_key, *public_key)});
  return {};
}

Result<void> check_session(const Json& document, const std::string& path, Verification& into) {
  auto checked = recompute_document(document);
  if (!checked) {
    Error error = checked.error();
    error.object = path + "." + error.object;
    if (into.holds()) return tl::unexpected{error};
    into.refuted.push_back({error.object, error.detail});  // no wonder
    return {};
  }
  for (const Refutation& each : checked->recomputed.refuted)
    into.refuted.push_back({fmt::format("{}.{}", path, each.path), each.what});
  for (const std::string& line : checked->recomputed.untold) into.untold.push_back(fmt::format("{}.{}", path, line));
  into.sessions.push_back(std::move(checked->session));
  return {};
}

Json session_json(const Session& session) {
  return {{"id", session.id},
          {"name", session.name},
          {"paging", to_string(session.paging)},
          {"state", state_of(session)},
          {"verdict", to_string(session.verdict)},
          {"laws_broken", session.laws_broken.size()},
          {"exits", session.ebpf.all()},
          {"judged", judged_exits(session)}};
}

/// What the reader must know of a session that did not end.
std::string_view caveat(const Session& session) {
  if (session.interrupted) return "; its daemon was gone before it ended: as of the last time it was stored";
  return session.running() ? "; it was still running: as of the export" : "";
}

std::string session_line(const Session& session) {
  const std::string name = session.name.empty() ? "" : fmt::format(" \"{}\"", session.name);
  const std::string laws = session.laws_broken.empty()
                               ? ""
                               : fmt::format(", breaks {} law(s) of its paging mode", session.laws_broken.size());
  return fmt::format("session {}{}: {} paging, {} exits, {} of them judged, verdict: {}{}{}", session.id, name,
                     to_string(session.paging), grouped(session.ebpf.all()), grouped(judged_exits(session)),
                     to_string(session.verdict), laws, caveat(session));
}

}  // namespace

Result<Verification> verify(std::string_view text, const std::optional<std::string>& public_key) {
  const auto certificate = read_certificate(text);
  if (!certificate) return tl::unexpected{certificate.error()};
  Verification verification;
  verification.sha256 = sha256_hex(certificate->content);
  if (certificate->sha256 != verification.sha256)
    verification.refuted.push_back(
        {"sha256", fmt::format("states {}, the content's is {}", certificate->sha256, verification.sha256)});
  if (auto checked = check_signature(*certificate, public_key, verification); !checked)
    return tl::unexpected{checked.error()};
  for (std::size_t i = 0; i < certificate->sessions.size(); ++i)
    if (auto checked = check_session(certificate->sessions[i], fmt::format("sessions[{}]", i), verification); !checked)
      return tl::unexpected{checked.error()};
  return verification;
}

Json to_json(const Verification& verification) {
  Json sessions = Json::array(), refuted = Json::array();
  for (const Session& session : verification.sessions) sessions.push_back(session_json(session));
  for (const Refutation& each : verification.refuted) refuted.push_back({{"path", each.path}, {"what", each.what}});
  return {{"holds", verification.holds()},
          {"sha256", verification.sha256},
          {"signer", verification.signer ? Json(*verification.signer) : Json(nullptr)},
          {"sessions", std::move(sessions)},
          {"refuted", std::move(refuted)},
          {"untold", verification.untold}};
}

std::string to_text(const Verification& verification) {
  std::string text = fmt::format("sha256 {}\n", verification.sha256);
  text += verification.signer ? fmt::format("signed with the Ed25519 key {}\n", *verification.signer)
                              : "not signed: guards against accident, not against forgery\n";
  // Of a file that anybody wrote.
  const auto add = [&text](const std::string& line) { text += printable(line) + "\n"; };
  for (const Session& session : verification.sessions) add(session_line(session));
  for (const std::string& line : verification.untold) add("as stated, not shown by the rounds: " + line);
  for (const Refutation& each : verification.refuted) add(fmt::format("REFUTED {} {}", each.path, each.what));
  text += verification.holds() ? "it holds: everything that can be computed again is what it says"
                               : fmt::format("it does not hold: {} refuted", verification.refuted.size());
  return text;
}

}  // namespace exitledger
