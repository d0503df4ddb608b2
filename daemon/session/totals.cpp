// SPDX-License-Identifier: MIT
#include "session/totals.h"

#include <algorithm>

namespace exitledger {
namespace {

void add_own(PagingBooks& totals, Vendor vendor, const Counts& own) {
  for (unsigned index = 0; index < own.at.size(); ++index)
    if (const auto reason = reason_at(vendor, index); reason && own.at[index] > 0) totals.own[*reason] += own.at[index];
}

void add_duration(DurationHistogram& into, const DurationHistogram& more) {
  into.sum_ns += more.sum_ns;
  into.user_ns += more.user_ns;
  into.off_ns += more.off_ns;
  std::transform(into.bucket.begin(), into.bucket.end(), more.bucket.begin(), into.bucket.begin(), std::plus<>{});
}

}  // namespace

void add(PagingBooks& totals, const RunningSession& running, const ProbeSample& sample) {
  const Session& session = running.session();
  totals.vendor = session.vendor;
  totals.ebpf += session.ebpf;

  // What was judged last stands until there is a newer judgement.
  if (!session.reasons.empty()) totals.residual.clear();
  for (const ReasonVerdict& row : session.reasons) {
    totals.leaf[row.reason] += row.leaf;
    totals.residual[row.reason] = row.residual;
  }
  for (const TimeRow& row : session.time.reasons) totals.leaf_cycles[row.reason] += row.leaf_cycles;
  add_own(totals, session.vendor, running.own_exits());
  for (const auto& [reason, histogram] : running.durations(sample)) add_duration(totals.durations[reason], histogram);
  totals.last_exact_unix_ns = std::max(totals.last_exact_unix_ns, session.last_exact_unix_ns);
}

}  // namespace exitledger
