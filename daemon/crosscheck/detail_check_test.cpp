// SPDX-License-Identifier: MIT
#include "crosscheck/detail_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger {
namespace {

using testing::HasSubstr;

DetailSample whole() {
  DetailSample sample;
  sample.parent = 1000;
  sample.rows = {{{1, 0, 30}, 700}, {{2, 0, 30}, 200}};
  sample.other[EL_OTHER_NO_ROW] = 90;
  sample.other[EL_OTHER_UNTOLD] = 8;
  sample.open = 2;
  return sample;
}

TEST(DetailCheck, RowsAndOtherAndWhatIsOpenAddUp) {
  const DetailVerdict verdict = judge_detail(whole(), {});
  EXPECT_EQ(verdict.in_rows, 900U);
  EXPECT_EQ(verdict.in_other, 100U);
  EXPECT_EQ(verdict.sum(), 1000U);
  EXPECT_EQ(verdict.verdict, Verdict::kAgrees);
  EXPECT_EQ(verdict.why, "");
}

TEST(DetailCheck, NothingIsASumToo) { EXPECT_EQ(judge_detail({}, {}).verdict, Verdict::kAgrees); }

TEST(DetailCheck, OneExitTooManyOrTooFewIsADisagreement) {
  for (const std::uint64_t parent : {999U, 1001U}) {
    DetailSample sample = whole();
    sample.parent = parent;
    const DetailVerdict verdict = judge_detail(sample, {});
    EXPECT_EQ(verdict.verdict, Verdict::kDisagrees);
    EXPECT_EQ(verdict.why, std::to_string(parent) + " exits, and rows for 1000");
  }
}

TEST(DetailCheck, WhatWasNotSeenCannotBeTold) {
  DetailSample missed = whole(), unread = whole();
  missed.missed = 1;
  unread.unread = 3;
  EXPECT_EQ(judge_detail(missed, {}).verdict, Verdict::kCannotTell);
  EXPECT_THAT(judge_detail(missed, {}).why, HasSubstr("1 exits were missed"));
  EXPECT_EQ(judge_detail(unread, {}).verdict, Verdict::kCannotTell);
  EXPECT_THAT(judge_detail(unread, {}).why, HasSubstr("of 3 exits"));
}

// Inner readings 100 and 1090: 990 exits at least. Outer ones 95 and 1105: 1010 at most.
constexpr SecondBook kBook{.before = 95, .begun = 100, .ending = 1090, .after = 1105, .lost = 0};

TEST(DetailCheck, TheSecondBookIsABracket) {
  for (const std::uint64_t parent : {989U, 990U, 1010U, 1011U}) {
    DetailSample sample = whole();
    sample.rows[0].count += parent - sample.parent;
    sample.parent = parent;
    const DetailVerdict verdict = judge_detail(sample, kBook);
    EXPECT_EQ(verdict.verdict, parent >= 990 && parent <= 1010 ? Verdict::kAgrees : Verdict::kDisagrees) << parent;
    EXPECT_EQ(verdict.why.empty(), parent >= 990 && parent <= 1010);
  }
  EXPECT_EQ(kBook.least(), 990U);
  EXPECT_EQ(kBook.most(), 1010U);
}

TEST(DetailCheck, ASecondBookThatStoodStillAroundTheIntervalIsExact) {
  constexpr SecondBook kExact{.before = 5, .begun = 5, .ending = 1006, .after = 1006, .lost = 0};
  EXPECT_EQ(judge_detail(whole(), kExact).why, "1000 exits, and 1001 in the daemon's book");
}

TEST(DetailCheck, LossOfOneSideExcusesTheOther) {
  SecondBook book = kBook;
  book.after = 1094;  // 999 at most
  EXPECT_EQ(judge_detail(whole(), book).verdict, Verdict::kDisagrees);
  book.lost = 1;
  EXPECT_EQ(judge_detail(whole(), book).verdict, Verdict::kCannotTell);

  SecondBook more = kBook;
  more.ending = more.after = 1105;  // 1005 at least
  more.lost = 1;                    // excuses too few, not too many
  EXPECT_EQ(judge_detail(whole(), more).verdict, Verdict::kDisagrees);
  DetailSample missed = whole();
  missed.missed = 5;
  EXPECT_EQ(judge_detail(missed, more).verdict, Verdict::kCannotTell);
}

TEST(DetailCheck, ABookThatFellIsNoWitness) {
  SecondBook book = kBook;
  book.begun = 90;
  EXPECT_EQ(judge_detail(whole(), book).verdict, Verdict::kCannotTell);
  EXPECT_THAT(judge_detail(whole(), book).why, HasSubstr("fell"));
}

}  // namespace
}  // namespace exitledger
