// SPDX-License-Identifier: MIT
// Whether the rows of a drill-down add up, and whether the daemon's book saw the same exits. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/detail.h"
#include "model/verdict.h"

namespace exitledger {

/// The daemon's book of the same kind of exit, read before the interval's begin and after it, before its end and after
/// it. The interval has what was counted between the inner two at least, and between the outer two at most.
struct SecondBook {
  std::uint64_t before = 0, begun = 0, ending = 0, after = 0;
  std::uint64_t lost = 0;  ///< events that the daemon's book lost between the outer two

  [[nodiscard]] std::uint64_t least() const { return ending - begun; }
  [[nodiscard]] std::uint64_t most() const { return after - before; }
};

struct DetailVerdict {
  std::uint64_t in_rows = 0, in_other = 0;  ///< in_other: what is open included
  Verdict verdict = Verdict::kCannotTell;   ///< of the rows, and of the second book if there is one
  std::string why;                          ///< one clause when the verdict is not kAgrees

  [[nodiscard]] std::uint64_t sum() const { return in_rows + in_other; }
};

/// The rules:
///  * rows and `other` add up to the parent, or the verdict is that they disagree;
///  * the parent lies between least() and most() of the second book, or they disagree; what either side lost can be
///    why, and then it cannot be told;
///  * exits that the program was not run for, or whose reason could not be read, may be of the kind: cannot tell.
[[nodiscard]] DetailVerdict judge_detail(const DetailSample& sample, const std::optional<SecondBook>& book);

}  // namespace exitledger
