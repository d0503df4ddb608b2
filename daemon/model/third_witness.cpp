// SPDX-License-Identifier: MIT
#include "model/third_witness.h"

#include <fmt/format.h>

namespace exitledger {

Verdict ThirdWitness::verdict() const {
  Verdict all = hypercalls.verdict;
  for (const StatVerdict& row : stats) all = worst(all, row.verdict);
  return all;
}

std::string ThirdWitness::why() const {
  const Verdict all = verdict();
  for (const StatVerdict& row : stats)
    if (row.verdict == all && !row.why.empty()) return fmt::format("{}: {}", row.name, row.why);
  return hypercalls.verdict == all && !hypercalls.why.empty() ? "hypercalls: " + hypercalls.why : "";
}

}  // namespace exitledger
