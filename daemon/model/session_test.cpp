// SPDX-License-Identifier: MIT
#include "model/session.h"

#include <gtest/gtest.h>

namespace exitledger {
namespace {

Session agreed() {
  Session session;
  session.verdict = Verdict::kAgrees;
  return session;
}

TEST(Session, IsJudgedByItsCountsItsLawsAndKvmsStatistics) {
  EXPECT_EQ(judged(agreed()), Verdict::kAgrees);
  Session broken = agreed();
  broken.laws_broken.push_back({});
  EXPECT_EQ(judged(broken), Verdict::kDisagrees);
  Session contradicted = agreed();
  contradicted.third.emplace().hypercalls.verdict = Verdict::kDisagrees;
  EXPECT_EQ(judged(contradicted), Verdict::kDisagrees);
}

TEST(Session, TimeBeyondItsBoundIsAVerdictOfItsOwn) {
  Session session = agreed();
  for (const TimeVerdict time : {TimeVerdict::kCannotTell, TimeVerdict::kWithinBound}) {
    session.time.verdict = time;
    EXPECT_EQ(judged_with_time(session), Verdict::kAgrees);
  }
  session.time.verdict = TimeVerdict::kBeyondBound;
  EXPECT_EQ(judged_with_time(session), Verdict::kDisagrees);
  EXPECT_EQ(judged(session), Verdict::kAgrees);
}

}  // namespace
}  // namespace exitledger
