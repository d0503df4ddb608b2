// SPDX-License-Identifier: MIT
#include "session/detail_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::ordered_json;

DetailReport report() {
  DetailReport report;
  DetailSample& sample = report.sample;
  sample.kind = DetailKind::kIo;
  sample.parent = 1000;
  sample.rows = {{{0x03F80000, 0, 30}, 750}, {{0x00510008, 0, 30}, 211}};
  sample.rows_limit = 2;
  sample.other[EL_OTHER_NO_ROW] = 38;
  sample.open = 1;
  sample.interval_ns = 2'000'000'000;
  report.book = SecondBook{0, 0, 1000, 1000, 0};
  report.verdict = judge_detail(sample, report.book);
  return report;
}

TEST(DetailReport, JsonHasTermsCountsAndTheSum) {
  const auto json = detail_json(report());
  EXPECT_EQ(json.at("reason"), "io");
  EXPECT_EQ(json.at("verdict"), "agrees");
  EXPECT_EQ(json.at("parent"), (Json{{"reasons", {30}}, {"exits", 1000}}));
  EXPECT_EQ(json.at("rows").at(1), (Json{{"port", 0x51},
                                         {"direction", "in"},
                                         {"bytes", 1},
                                         {"string", false},
                                         {"rep", false},
                                         {"text", "port 0x51 in 1 byte"},
                                         {"count", 211},
                                         {"share", 0.211},
                                         {"per_second", 105.5}}));
  EXPECT_EQ(
      json.at("other"),
      (Json{{"count", 39},
            {"causes", {{"no_row", 38}, {"refused", 0}, {"untold", 0}, {"no_vcpu", 0}, {"unread", 0}, {"open", 1}}}}));
  EXPECT_EQ(json.at("sum"), 1000);
  EXPECT_EQ(json.at("daemon"), (Json{{"least", 1000}, {"most", 1000}, {"lost", 0}}));
  EXPECT_TRUE(json.at("no_daemon").is_null());
}

TEST(DetailReport, TermsOfEveryKind) {
  struct Kind {
    DetailKind kind;
    el_detail_key key;
    Json terms;
  };
  for (const Kind& each :
       {Kind{DetailKind::kMsr, {0x6E0, 0, 32}, {{"msr", 0x6E0}, {"name", "IA32_TSC_DEADLINE"}, {"access", "wrmsr"}}},
        Kind{DetailKind::kMsr, {0x6E1, 0, 31}, {{"msr", 0x6E1}, {"name", nullptr}, {"access", "rdmsr"}}},
        Kind{DetailKind::kEptViolation, {0xFEE00, 2, 48}, {{"page", 0xFEE00000}, {"access", "write"}}},
        Kind{DetailKind::kCr, {3, 0, 28}, {{"cr", 3}, {"access", "MOV to"}}},
        Kind{DetailKind::kException, {14, 0, 0}, {{"vector", 14}, {"name", "#PF"}}},
        Kind{DetailKind::kException, {77, 0, 0}, {{"vector", 77}, {"name", nullptr}}},
        Kind{DetailKind::kCpuid, {0x2'0000'0004, 0, 10}, {{"leaf", 4}, {"subleaf", 2}}}}) {
    DetailReport of_kind = report();
    of_kind.sample.kind = each.kind;
    of_kind.sample.rows = {{each.key, 5}};
    const auto row = detail_json(of_kind).at("rows").at(0);
    for (const auto& [name, value] : each.terms.items()) EXPECT_EQ(row.at(name), value) << to_string(each.kind) << name;
    EXPECT_EQ(row.size(), each.terms.size() + 4) << to_string(each.kind);
  }
}

TEST(DetailReport, TextHasTheVerdictFirstAndTheSumLast) {
  const std::string text = detail_text(report());
  EXPECT_THAT(text,
              testing::StartsWith("io (30 IO_INSTRUCTION), ept paging, 2.0 s: 1,000 exits, 961 in 2 rows, 39 in none, "
                                  "0 lost: agrees\nthe daemon's book: 1,000\n"));
  EXPECT_THAT(text, HasSubstr("             750   75.00%          375.0  port 0x3f8 out 1 byte\n"));
  EXPECT_THAT(text, HasSubstr("              38    3.80%           19.0  other: all rows were taken (--rows)\n"));
  EXPECT_THAT(text, HasSubstr("  other: not handled yet at the end\n"));
  EXPECT_THAT(text, testing::EndsWith("           1,000  100.00%          500.0  sum\n"));
}

TEST(DetailReport, SaysWhyThereIsNoSecondBook) {
  DetailReport alone = report();
  alone.book.reset();
  alone.no_book = "no daemon on /run/x";
  EXPECT_THAT(detail_text(alone), HasSubstr("\nno second book: no daemon on /run/x\n"));
  EXPECT_TRUE(detail_json(alone).at("daemon").is_null());
  EXPECT_EQ(detail_json(alone).at("no_daemon"), "no daemon on /run/x");
}

TEST(DetailReport, NothingHappened) {
  DetailReport empty;
  empty.verdict = judge_detail(empty.sample, {});
  const std::string text = detail_text(empty);
  EXPECT_THAT(text, HasSubstr("0 exits, 0 in 0 rows"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_EQ(detail_json(empty).at("verdict"), "agrees");
}

}  // namespace
}  // namespace exitledger
