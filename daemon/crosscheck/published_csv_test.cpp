// SPDX-License-Identifier: MIT
#include "crosscheck/published_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string file(const std::string& name) {
  std::ifstream in(std::string(EXITLEDGER_TABLES) + "/" + name + ".csv");
  EXPECT_TRUE(in) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TableJudgement judged(const std::string& name) {
  const auto table = published_table_from(file(name));
  EXPECT_TRUE(table) << name << ": " << table.error().message();
  return table ? judge(*table) : TableJudgement{};
}

std::vector<std::string> rules_of(const TableJudgement& judgement) {
  std::vector<std::string> rules;
  for (const TableFinding& finding : judgement.findings) rules.push_back(finding.rule);
  return rules;
}

TEST(PublishedTables, SoundOnesAreSound) {
  for (const char* name : {"cvamsik", "nicolashanout", "akshay", "yang-patel", "jayashree"}) {
    EXPECT_THAT(rules_of(judged(name)), testing::IsEmpty()) << name;
    EXPECT_THAT(judged(name).judged, testing::Not(testing::IsEmpty())) << name << ": it could have failed";
  }
  for (const char* name : {"ethandu7-run1", "ethandu7-run2"}) EXPECT_FALSE(judged(name).impossible()) << name;
}

TEST(PublishedTables, TwoEptBootsPassedOffAsShadowPagingHaveTwoCauses) {
  const TableJudgement judgement = judged("eccx400");
  EXPECT_TRUE(judgement.impossible());
  EXPECT_THAT(rules_of(judgement), ElementsAre("no-ept-violation-under-shadow", "two-boots-added-up"));
  EXPECT_THAT(judgement.findings[0].what, HasSubstr("14815853 exits of 48 EPT_VIOLATION in column shadow"));
  EXPECT_THAT(judgement.findings[1].what,
              HasSubstr("46 GDTR_IDTR, 47 LDTR_TR, 54 WBINVD, 55 XSETBV are exactly twice"));
}

TEST(PublishedTables, AShadowRunPassedOffAsEptIsFound) {
  EXPECT_THAT(rules_of(judged("ethandu7-both")), ElementsAre("no-invlpg-under-ept", "no-invpcid-under-ept"));
}

TEST(PublishedTables, CountersThatSurvivedTheSwitchAreFound) {
  EXPECT_THAT(rules_of(judged("went-on")),
              ElementsAre("no-ept-violation-under-shadow", "no-ept-misconfig-under-shadow", "counters-went-on"));
}

TEST(PublishedCsv, TakesNumbersNamesAndCellsThatStateNothing) {
  const auto table =
      published_table_from("reason,ept,shadow\r\nEPT_VIOLATION,5,\r\n0x1c,,7\r\n10,0,18446744073709551615\r\n");
  ASSERT_TRUE(table) << table.error().message();
  ASSERT_EQ(table->size(), 3U);
  EXPECT_EQ((*table)[0].reason, 10);
  EXPECT_EQ((*table)[0].shadow, UINT64_MAX);
  EXPECT_EQ((*table)[0].ept, 0U);
  EXPECT_EQ((*table)[1].reason, 28);
  EXPECT_EQ((*table)[1].ept, std::nullopt);
  EXPECT_EQ((*table)[2].reason, 48);
  EXPECT_EQ((*table)[2].shadow, std::nullopt);
}

struct Wrong {
  const char* name;
  const char* csv;
  const char* said;
};

class WrongCsv : public testing::TestWithParam<Wrong> {};

TEST_P(WrongCsv, NamesTheLine) {
  const auto table = published_table_from(GetParam().csv);
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().message(), HasSubstr(std::string("read the table ") + GetParam().said));
}

INSTANTIATE_TEST_SUITE_P(
    One, WrongCsv,
    testing::Values(Wrong{"Empty", "", "line 1: is '', must be 'reason,ept,shadow'"},
                    Wrong{"OtherHeader", "exit,ept,shadow\n", "line 1: is 'exit,ept,shadow', must be"},
                    Wrong{"NoRows", "reason,ept,shadow\n", "line 2: is missing"},
                    Wrong{"Separators", "reason,ept,shadow\n48,1,234,5\n", "line 2: has 4 cells, must have 3"},
                    Wrong{"EmptyLine", "reason,ept,shadow\n48,1,2\n\n1,2,3\n", "line 3: has 1 cell, must have 3"},
                    Wrong{"NoReason", "reason,ept,shadow\nEPT,1,2\n", "line 2: 'EPT' is no exit reason of VMX"},
                    Wrong{"ReasonBeyond16Bits", "reason,ept,shadow\n65536,1,2\n", "line 2: '65536' is no exit reason"},
                    Wrong{"Blank", "reason,ept,shadow\n48, 1,2\n", "line 2: ' 1' is no count"},
                    Wrong{"Negative", "reason,ept,shadow\n48,1,-2\n", "line 2: '-2' is no count"},
                    Wrong{"Fraction", "reason,ept,shadow\n48,1,2.0\n", "line 2: '2.0' is no count"},
                    Wrong{"TooLarge", "reason,ept,shadow\n48,18446744073709551616,2\n",
                          "line 2: '18446744073709551616' is no count"},
                    Wrong{"Twice", "reason,ept,shadow\n48,1,2\n28,1,2\nEPT_VIOLATION,1,2\n",
                          "line 4: reason 48 stands there a second time"}),
    [](const auto& test) { return test.param.name; });

// A table is anybody's file, and what is wrong there is quoted on a terminal.
TEST(PublishedCsv, TakesASpreadsheetsByteOrderMark) {
  EXPECT_TRUE(published_table_from("\xEF\xBB\xBFreason,ept,shadow\r\n48,10,0\r\n"));
}

TEST(PublishedCsv, QuotesNoMoreThanALineAndNothingThatCommandsATerminal) {
  const std::string cell = "\x1b]0;x\a" + std::string(100'000, 'y');
  for (const std::string& csv : {cell, "reason,ept,shadow\n" + cell + ",1,2", "reason,ept,shadow\n10," + cell + ",2"}) {
    const auto table = published_table_from(csv);
    ASSERT_FALSE(table);
    EXPECT_LT(table.error().message().size(), 250U);
    EXPECT_THAT(table.error().message(), HasSubstr("'?]0;x?yyy"));
  }
}

TEST(PublishedReport, SaysInJsonWhatItFound) {
  const auto table = published_table_from("reason,ept,shadow\n48,,3\n").value();
  EXPECT_EQ(to_json(table, judge(table)).dump(),
            R"({"verdict":"impossible","rows":1,"judged":[48],"findings":[{"impossible":true,)"
            R"("rule":"no-ept-violation-under-shadow","reasons":[{"number":48,"name":"EPT_VIOLATION","ept":null,)"
            R"("shadow":3}],"what":"3 exits of 48 EPT_VIOLATION in column shadow: the processor raises it only while )"
            R"(EPT is in use"}]})");
}

TEST(PublishedReport, SaysInTextWhatItFound) {
  const auto table = published_table_from("reason,ept,shadow\n48,,14815853\n").value();
  EXPECT_EQ(to_text(table, judge(table), "t.csv"),
            "t.csv: impossible (1 row)\n\nimpossible: no-ept-violation-under-shadow\n"
            "14815853 exits of 48 EPT_VIOLATION in column shadow: the processor raises it only while EPT is in\nuse\n"
            "                                            ept             shadow\n"
            "     48 EPT_VIOLATION                         -         14,815,853");
  const auto nothing = published_table_from("reason,ept,shadow\n10,1,2\n").value();
  EXPECT_EQ(to_text(nothing, judge(nothing), "t.csv"),
            "t.csv: possible (1 row)\nNo law speaks of a row that is stated: nothing here could have contradicted.");
}

}  // namespace
}  // namespace exitledger
