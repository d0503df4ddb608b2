// SPDX-License-Identifier: MIT
#include "model/calibration.h"

#include <algorithm>
#include <map>

namespace exitledger {

std::vector<CalibratedReason> reasons_of(const Calibration& calibration) {
  std::map<Reason, CalibratedReason> sums;
  for (const CalibratedRow& row : calibration.rows) {
    for (const CalibratedReason& part : row.reasons) {
      const auto [found, is_new] = sums.try_emplace(part.reason, part);
      if (is_new) continue;
      CalibratedReason& sum = found->second;
      sum.ebpf += part.ebpf;
      sum.expected = sum.expected && part.expected ? std::optional{*sum.expected + *part.expected} : std::nullopt;
      sum.leaf = sum.leaf && part.leaf ? std::optional{*sum.leaf + *part.leaf} : std::nullopt;
      if (worst(sum.verdict, part.verdict) == sum.verdict) continue;
      sum.verdict = part.verdict;
      sum.why = part.why;
    }
  }
  std::vector<CalibratedReason> all;
  all.reserve(sums.size());
  for (auto& [reason, sum] : sums) all.push_back(std::move(sum));
  return all;
}

std::vector<CalibratedStat> stats_of(const Calibration& calibration) {
  std::vector<CalibratedStat> sums;
  for (const CalibratedRow& row : calibration.rows) {
    for (const CalibratedStat& part : row.stats) {
      const auto found = std::ranges::find(sums, part.name, &CalibratedStat::name);
      if (found == sums.end()) {
        sums.push_back(part);
        continue;
      }
      found->expected += part.expected;
      found->value += part.value;
    }
  }
  return sums;
}

void add_row(Calibration& calibration, CalibratedRow row) {
  if (calibration.rows.empty()) calibration.verdict = Verdict::kAgrees;
  if (worst(calibration.verdict, row.verdict) != calibration.verdict) {
    calibration.verdict = row.verdict;
    calibration.why = row.name + ": " + row.why;
  }
  calibration.rows.push_back(std::move(row));
}

}  // namespace exitledger
