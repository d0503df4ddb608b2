// SPDX-License-Identifier: MIT
#include "session/session_mmu.h"

#include <algorithm>
#include <string>

namespace exitledger {

void SessionMmu::look(const StatSums& sums, bool complete) {
  // What was not read of one vCPU is in no sum.
  if (!start_ || sums.unread_vcpus > 0 || !complete) {
    stats_.reset();
    newest_.reset();
    return;
  }
  newest_ = sums.mmu;
  if (!stats_) stats_.emplace();
  for (unsigned i = EL_STAT_JUDGED; i < EL_STAT_COUNT; ++i) {
    if (!sums.known.at(i)) continue;
    const std::size_t at = i - EL_STAT_JUDGED;
    std::int64_t& value = (*stats_)[std::string{stat_label(static_cast<el_stat>(i))}];
    if (i < EL_STAT_LEVELS)
      value = static_cast<std::int64_t>(sums.mmu.at(at) - start_->at(at));
    else
      value = std::max(value, static_cast<std::int64_t>(sums.mmu.at(at)));
  }
}

}  // namespace exitledger
