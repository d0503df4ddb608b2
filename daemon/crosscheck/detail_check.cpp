// SPDX-License-Identifier: MIT
#include "crosscheck/detail_check.h"

#include <fmt/format.h>

#include <numeric>

namespace exitledger {
namespace {

// The worst finding is the verdict; of two equally bad ones the first is told.
void find(DetailVerdict& verdict, Verdict found, const std::string& why) {
  if (worst(verdict.verdict, found) == verdict.verdict) return;
  verdict.verdict = found;
  verdict.why = why;
}

void judge_book(const DetailSample& sample, const SecondBook& book, DetailVerdict& verdict) {
  if (book.after < book.ending || book.ending < book.begun || book.begun < book.before)
    return find(verdict, Verdict::kCannotTell, "the daemon's book fell: it was begun anew meanwhile");
  if (sample.parent >= book.least() && sample.parent <= book.most()) return;
  const std::string range =
      book.least() == book.most() ? fmt::format("{}", book.most()) : fmt::format("{} to {}", book.least(), book.most());
  const std::string why = fmt::format("{} exits, and {} in the daemon's book", sample.parent, range);
  if (sample.parent > book.most() && book.lost > 0)
    return find(verdict, Verdict::kCannotTell, fmt::format("{}, which lost {}", why, book.lost));
  if (sample.parent < book.least() && sample.missed + sample.unread > 0)
    return find(verdict, Verdict::kCannotTell, why);
  find(verdict, Verdict::kDisagrees, why);
}

}  // namespace

DetailVerdict judge_detail(const DetailSample& sample, const std::optional<SecondBook>& book) {
  DetailVerdict verdict;
  for (const DetailRow& row : sample.rows) verdict.in_rows += row.count;
  verdict.in_other = std::accumulate(sample.other.begin(), sample.other.end(), sample.open);
  verdict.verdict = Verdict::kAgrees;
  if (verdict.sum() != sample.parent)
    find(verdict, Verdict::kDisagrees, fmt::format("{} exits, and rows for {}", sample.parent, verdict.sum()));
  if (sample.missed > 0)
    find(verdict, Verdict::kCannotTell, fmt::format("{} exits were missed, of whatever kind", sample.missed));
  if (sample.unread > 0)
    find(verdict, Verdict::kCannotTell, fmt::format("of {} exits the reason could not be read", sample.unread));
  if (book) judge_book(sample, *book, verdict);
  return verdict;
}

}  // namespace exitledger
