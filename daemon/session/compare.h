// SPDX-License-Identifier: MIT
// Two sessions side by side, per reason and net of the reader's own exits.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/session.h"

namespace exitledger {

/// Both books net of own; no leaf where the session had none (absent is not zero).
struct NetBooks {
  std::uint64_t ebpf = 0;
  std::optional<std::uint64_t> leaf;
};

struct ComparedReason {
  Reason reason = 0;
  std::string name;
  NetBooks a, b;
  std::int64_t difference = 0;  ///< b − a, by the eBPF book; where both sessions agree, by the leaf too
  std::optional<double> ratio;  ///< b / a; none where a is 0
  bool proven = false;          ///< both books agreed on it in both sessions
};

/// What a reader must know of a session before any of its numbers.
struct ComparedSession {
  std::string id, name, kernel, why;
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  Verdict verdict = Verdict::kCannotTell;
  std::uint64_t losses = 0;  ///< of the host's book
  bool has_laws = false;     ///< false: no law of this vendor and mode is known, so none was kept either
  std::vector<BrokenLaw> laws_broken;
};

struct Comparison {
  ComparedSession a, b;
  std::vector<std::string> objections;  ///< why the numbers do not carry a comparison; empty: they do
  std::vector<std::string> notes;       ///< what differs besides the paging mode, or is not checked
  std::vector<ComparedReason> reasons;  ///< ascending; those with an exit that is not the reader's own
  ComparedReason total;                 ///< sum of `reasons`
};

/// Counts at each session's last reading; of a session without a leaf, all exits that eBPF saw.
[[nodiscard]] Comparison compare(const Session& a, const Session& b);

/// Table of at most 100 columns for a terminal, newline at its end; objections come before the first number.
[[nodiscard]] std::string to_text(const Comparison& comparison);

/// One paragraph of plain words, one line: what differs, which reasons account for how much of it, and why where the
/// paging mode explains it. Says nothing that the counts do not show.
[[nodiscard]] std::string paragraph(const Comparison& comparison);

[[nodiscard]] nlohmann::ordered_json to_json(const Comparison& comparison);

/// 1234567 -> "1,234,567".
[[nodiscard]] std::string grouped(std::uint64_t number);

/// Breaks a line at blanks so that none is longer than `columns` (unless a word is); continuation lines are indented.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent = 0);

}  // namespace exitledger
