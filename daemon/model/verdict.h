// SPDX-License-Identifier: MIT
// What a cross-check can say.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/exit_reason.h"

namespace exitledger {

/// In order of severity: the worst of a set is the verdict of the whole.
enum class Verdict : std::uint8_t {
  kAgrees = 0,         ///< an exact round, equal to all before
  kWithinBracket = 1,  ///< no contradiction, but no exact round either: not a proof
  kCannotTell = 2,     ///< a witness is absent, was reset, lost events, or its source is not proven
  kDisagrees = 3,      ///< no constant difference explains all rounds
};

inline constexpr std::array kVerdicts{Verdict::kAgrees, Verdict::kWithinBracket, Verdict::kCannotTell,
                                      Verdict::kDisagrees};

/// "agrees", "within bracket", "cannot tell", "disagrees".
[[nodiscard]] std::string_view to_string(Verdict verdict);

/// Exit status of a subcommand that judges: 0 agrees, 1 disagrees, 2 everything else.
[[nodiscard]] int exit_status(Verdict verdict);

[[nodiscard]] Verdict worst(Verdict a, Verdict b);

/// Verdict on one reason: both counts at the last judged round, relative to the session's start, summed over the CPUs.
struct ReasonVerdict {
  Reason reason = 0;
  std::uint64_t ebpf = 0;
  std::uint64_t leaf = 0;
  std::uint64_t own = 0;      ///< exits of the reader's own micro guests, included in both
  std::int64_t residual = 0;  ///< leaf − eBPF that nothing explains
  Verdict verdict = Verdict::kCannotTell;
  std::string why;  ///< one clause when the verdict is not kAgrees
};

/// A law of the paging modes that a session breaks (Intel SDM; arch/x86/kvm/vmx/vmx.c sets the controls).
struct BrokenLaw {
  std::string law;  ///< stable name: "no-ept-violation-under-shadow"
  Reason reason = 0;
  std::uint64_t count = 0;  ///< net of own
};

/// What a subcommand's exit status says of a session: one that breaks a law is wrong, however well its books agree.
[[nodiscard]] inline Verdict judged(Verdict verdict, const std::vector<BrokenLaw>& laws_broken) {
  return laws_broken.empty() ? verdict : Verdict::kDisagrees;
}

}  // namespace exitledger
