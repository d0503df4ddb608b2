// SPDX-License-Identifier: MIT
// What the forms of a comparison for people share: figures as text, and the certificate's lines. Nothing here is
// escaped.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "compare/compare.h"

namespace exitledger {

/// "1.55", "1,800", "<0.01"; "-" where there is none. Exactly "0" only for 0.
[[nodiscard]] std::string ratio_text(const std::optional<double>& ratio);
/// "+1,234", "-5", "0".
[[nodiscard]] std::string signed_text(std::int64_t number);
/// "1,234", "-5".
[[nodiscard]] std::string grouped_signed(std::int64_t number);
/// "53%", "<1%"; "" for 0.
[[nodiscard]] std::string share_text(double share);
/// Three digits and a unit, ASCII: "0", "812 ns", "4.21 us", "12.3 ms", "1,234 s".
[[nodiscard]] std::string duration_text(double ns);
/// The same of a mean per exit; "-" where there is none.
[[nodiscard]] std::string per_exit_text(const ComparedTimes& times);
/// Where that time went: in KVM, in user space, scheduled out; "-" where it is not known.
[[nodiscard]] std::array<std::string, 3> where_texts(const std::optional<ComparedTimes>& times);
/// Heads of both sides' where_texts(), and what they mean.
inline constexpr std::array<std::string_view, 6> kWhereHeads{"A KVM", "A user", "A out", "B KVM", "B user", "B out"};
inline constexpr std::string_view kWhereMeaning =
    "Where that time went: in KVM; in user space, from KVM_RUN's return to the next; scheduled out within KVM_RUN "
    "(halted, blocked or preempted)";
/// Of KVM's MMU statistic: the median; "absent".
[[nodiscard]] std::string stat_text(const std::optional<Spread<std::int64_t>>& spread);
/// "11 to 16" with " to " between.
[[nodiscard]] std::string range_text(const Spread<std::uint64_t>& spread, std::string_view between);
/// The interval of the median likewise; "-" where there is none.
[[nodiscard]] std::string interval_text(const Spread<std::uint64_t>& spread, std::string_view between);
/// "absent" where there is no leaf.
[[nodiscard]] std::string leaf_text(const NetBooks& books);
/// True where a second look at the leaf's column tells more than the first: it differs, or is absent.
[[nodiscard]] bool books_differ(const ComparedReason& row);
/// True where a difference is shown although the runs do not tell the sides apart.
[[nodiscard]] bool may_be_chance(const ComparedReason& row);
/// "2026-11-22 02:20:27Z"; "-" for 0.
[[nodiscard]] std::string time_text(std::int64_t unix_ns);

/// "6", or "5, 1 left out".
[[nodiscard]] std::string runs_text(const ComparedSide& side);
/// What several runs are summed up by: "median of 6 runs (A) and 6 runs (B); …". Empty without repeats.
[[nodiscard]] std::string method_text(const Comparison& comparison);
/// What the column "share" is of.
inline constexpr std::string_view kShareMeaning = "share: of all that grew, or of all that shrank";
/// The sentence above the exits.
[[nodiscard]] std::string exits_caption(const Comparison& comparison);

/// One line of the certificate.
struct CertificateLine {
  std::string name, a, b;
};
/// Verdicts, laws and losses first, then what the sides are.
[[nodiscard]] std::vector<CertificateLine> certificate(const Comparison& comparison);

}  // namespace exitledger
