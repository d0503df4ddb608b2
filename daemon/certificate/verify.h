// SPDX-License-Identifier: MIT
// A certificate judged: digest, signature, and every session from its own rounds.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "certificate/recompute.h"
#include "model/result.h"

namespace exitledger {

struct Verification {
  std::string sha256;                 ///< of the content as it is
  std::optional<std::string> signer;  ///< public key that the signature is of, if there is one and it is right
  std::vector<Refutation> refuted;    ///< all of them, sessions' too: "sessions[0].reasons[3].ebpf"
  std::vector<std::string> untold;    ///< see Recomputed, with the session's path
  std::vector<Session> sessions;

  [[nodiscard]] bool holds() const { return refuted.empty(); }
};

/// `public_key` as public_key_of() spells it: the certificate must be signed with that very key; nullopt: with any, or
/// not at all. Error: it is no certificate, or cannot be read.
[[nodiscard]] Result<Verification> verify(std::string_view text, const std::optional<std::string>& public_key);

/// {"holds","sha256","signer","sessions":[{"id","name","paging","state","verdict","laws_broken":N,"exits","judged"}],
///  "refuted":[{"path","what"}],"untold":[…]}
[[nodiscard]] nlohmann::ordered_json to_json(const Verification& verification);

/// For people; several lines, no line end after the last.
[[nodiscard]] std::string to_text(const Verification& verification);

}  // namespace exitledger
