// SPDX-License-Identifier: MIT
// Parameters of the vendor module: which of them a person set, and how to have them again.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "model/result.h"

namespace exitledger {

using Parameters = std::map<std::string, std::string>;  ///< without the module's name: "ept" -> "Y"

/// Loads the module anew with these parameters; all that /sys shows of it then.
using Reload = std::function<Result<Parameters>(const Parameters&)>;

/// Those of `wanted` that `actual` has otherwise; Y and 1, N and 0 are the same.
[[nodiscard]] Parameters different(const Parameters& wanted, const Parameters& actual);

/// Error: one of `wanted` is otherwise in `actual`, or is not there.
[[nodiscard]] Result<void> took(const Parameters& wanted, const Parameters& actual);

/// What modprobe's configuration does not give.
struct SetByHand {
  Parameters paging;  ///< the parameter that is the paging mode, if it is among them
  /// What still differs with that one as it was. Without it ept=0 alone accounts for many (pml, unrestricted_guest,
  /// vmentry_l1d_flush), and some of those in spellings that modprobe refuses ("EPT disabled").
  Parameters others;
};

/// Finds that of `original` by loading the module with its configuration alone, and, if it must, once more with the
/// paging parameter (`paging`: "ept", "npt") as it was. Error: of a reload; the paging parameter did not take.
[[nodiscard]] Result<SetByHand> set_by_hand(const Parameters& original, const std::string& paging,
                                            const Reload& reload);

/// Brings `original` back, in as many of three steps as it takes: those of set_by_hand(), then all that it found.
/// Error: of a reload; something is not as it was.
[[nodiscard]] Result<void> restore(const Parameters& original, const std::string& paging, const Reload& reload);

}  // namespace exitledger
