// SPDX-License-Identifier: MIT
#include "crosscheck/published_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> rules_in(const TableJudgement& judgement) {
  std::vector<std::string> rules;
  for (const TableFinding& finding : judgement.findings)
    rules.push_back((finding.impossible ? "impossible " : "suspicious ") + finding.rule);
  return rules;
}

std::vector<std::string> rules_of(const PublishedTable& table) { return rules_in(judge(table)); }

TEST(PublishedTable, AZeroIsNoExit) {
  const TableJudgement judgement = judge({{14, 0, 171'510}, {48, 35'708, 0}, {58, 0, 0}, {62, 0, 0}});
  EXPECT_THAT(rules_in(judgement), IsEmpty());
  EXPECT_FALSE(judgement.impossible());
  EXPECT_THAT(judgement.judged, ElementsAre(14, 48, 58, 62));
}

TEST(PublishedTable, WhatIsNotStatedContradictsNothing) {
  EXPECT_THAT(judge({{14, {}, 171'510}, {48, 35'708, {}}}).judged, IsEmpty());
  EXPECT_THAT(rules_of({{14, {}, 171'510}, {48, 35'708, {}}}), IsEmpty());
}

TEST(PublishedTable, EptExitsUnderShadowAreImpossible) {
  EXPECT_THAT(rules_of({{48, 5, 1}}), ElementsAre("impossible no-ept-violation-under-shadow"));
  EXPECT_THAT(rules_of({{49, 5, 1}}), ElementsAre("impossible no-ept-misconfig-under-shadow"));
  EXPECT_THAT(rules_of({{62, {}, 1}}), ElementsAre("impossible no-pml-full-under-shadow"));
}

TEST(PublishedTable, ShadowExitsUnderEptAreImpossible) {
  EXPECT_THAT(rules_of({{14, 1, 9}}), ElementsAre("impossible no-invlpg-under-ept"));
  EXPECT_THAT(rules_of({{58, 1, 9}}), ElementsAre("impossible no-invpcid-under-ept"));
}

TEST(PublishedTable, GuestsOfGuestsExcuseWhatTheyCanCause) {
  const TableJudgement nested = judge({{14, 1, 9}, {20, 3, {}}, {24, 0, {}}, {48, 4, 2}});
  EXPECT_THAT(rules_in(nested), ElementsAre("suspicious nested-guests", "impossible no-ept-violation-under-shadow"));
  EXPECT_THAT(judge({{14, 1, 9}}).findings[0].what, HasSubstr("20 VMLAUNCH and 24 VMRESUME are not stated"));
  EXPECT_THAT(judge({{14, 1, 9}, {20, 0, 0}, {24, 0, 0}}).findings[0].what,
              HasSubstr("20 VMLAUNCH and 24 VMRESUME are 0"));
  // Of the other column's guests they say nothing.
  EXPECT_THAT(rules_of({{14, 1, 9}, {20, 0, 3}}), ElementsAre("impossible no-invlpg-under-ept"));
}

TEST(PublishedTable, ABootThatIsDoubledWithEptViolationsIsTwoBootsUnderEpt) {
  const TableJudgement judgement = judge({{0, 7'823, 15'646}, {46, 1, 2}, {48, {}, 5}, {54, 9, 18}});
  EXPECT_THAT(rules_in(judgement),
              ElementsAre("impossible no-ept-violation-under-shadow", "impossible two-boots-added-up"));
  EXPECT_THAT(judgement.findings[1].reasons, ElementsAre(46, 54));
  EXPECT_THAT(judgement.findings[1].what, HasSubstr("so is 0 EXCEPTION_NMI"));
}

TEST(PublishedTable, ABootThatIsDoubledAloneIsOnlySuspicious) {
  EXPECT_THAT(rules_of({{46, 1, 2}, {48, 5, 0}, {54, 9, 18}}), ElementsAre("suspicious boots-doubled"));
  EXPECT_THAT(rules_of({{46, 2, 1}, {54, 18, 9}}), ElementsAre("suspicious boots-doubled"));
}

TEST(PublishedTable, LessThanAWholeBootIsNoEvidence) {
  EXPECT_THAT(rules_of({{54, 9, 18}}), IsEmpty()) << "one lone row";
  EXPECT_THAT(rules_of({{46, 1, 2}, {54, 9, 17}}), IsEmpty()) << "one of them is not";
  EXPECT_THAT(rules_of({{46, 0, 0}, {47, 0, 0}, {54, 9, 18}}), IsEmpty()) << "nothing is not doubled";
  EXPECT_THAT(rules_of({{46, 1, {}}, {54, 9, 18}}), IsEmpty()) << "not stated";
  EXPECT_THAT(rules_of({{0, 7'823, 15'646}, {30, 500, 1'000}}), IsEmpty()) << "no rows of the boot";
}

TEST(PublishedTable, CountersThatWentOnAreNamed) {
  EXPECT_THAT(rules_of({{28, 10, 500}, {48, 40, 40}}),
              ElementsAre("impossible no-ept-violation-under-shadow", "impossible counters-went-on"));
  EXPECT_THAT(rules_of({{28, 500, 10}, {48, 40, 40}}), ElementsAre("impossible no-ept-violation-under-shadow"));
  EXPECT_THAT(rules_of({{28, 10, 500}, {48, 0, 0}}), IsEmpty());
}

TEST(PublishedTable, MoreOrFewerExitsAreNoLaw) {
  EXPECT_THAT(rules_of({{0, 1'000'000, 1}, {30, 9'000, 1}}), IsEmpty());
}

}  // namespace
}  // namespace exitledger
