// SPDX-License-Identifier: MIT
#include "top/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "top/samples_for_tests.h"

namespace exitledger::top {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t commas(const std::string& line) { return static_cast<std::size_t>(std::ranges::count(line, ',')); }

TEST(Csv, ALinePerReasonWithAllItsFigures) {
  const CsvLines lines = csv_lines(second(2), false);
  EXPECT_EQ(lines.count, 4U);
  EXPECT_THAT(lines.text, HasSubstr("2023-11-14T22:13:22.000Z,102000000000,1000000000,3,nightly,ept,,,12,HLT,5400,200,"
                                    "200.000,200,400000000,4003,3,disagrees,96000000000\n"));
  EXPECT_THAT(lines.text, HasSubstr(",48,EPT_VIOLATION,320,10,10.000,,,,,,\n"));
}

TEST(Csv, EveryLineHasTheHeadersFields) {
  const std::string header{kCsvHeader};
  LiveSample odd = moment(2);
  odd.reasons.push_back({std::string{kUnread}, std::nullopt, 3, {}, {}});
  const CsvLines lines = csv_lines({shared(moment(1)), shared(odd)}, true);
  std::size_t count = 0;
  for (std::size_t at = 0; at < lines.text.size(); ++count) {
    const std::size_t end = lines.text.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_EQ(commas(lines.text.substr(at, end - at)), commas(header)) << lines.text.substr(at, end - at);
    at = end + 1;
  }
  EXPECT_EQ(count, lines.count);
  EXPECT_EQ(count, 5U + 2U + 2U);
}

TEST(Csv, LinesOfVmsHaveTheirNumberAndName) {
  EXPECT_THAT(csv_lines(second(2), true).text, HasSubstr(",ept,1,web-1,12,HLT,5400,200,200.000,,,,,,\n"));
}

TEST(Csv, NamesAreQuotedAndWithoutControlCharacters) {
  LiveSample sample = moment(2);
  sample.session->name = "a, \"b\"\nc";
  const std::string text = csv_lines({nullptr, shared(sample)}, true).text;
  EXPECT_THAT(text, HasSubstr(",3,\"a, \"\"b\"\"?c\",ept,"));
  EXPECT_THAT(text, HasSubstr(",?[31mevil??_and_of_a_very_long_name_indeed,"));
}

TEST(Csv, WhatIsNotKnownIsEmptyAndNeverZero) {
  const std::string text = csv_lines({shared(moment(9, "3")), shared(moment(1, "4"))}, false).text;
  EXPECT_THAT(text, HasSubstr(",101000000000,,4,nightly,ept,,,12,HLT,5200,,,,,4003,"));
  EXPECT_THAT(text, Not(HasSubstr(",-"))) << "no negative rate";
}

TEST(Csv, WithoutASessionThereIsNothingToLog) {
  EXPECT_EQ(csv_lines({shared(moment(1)), shared(LiveSample{})}, true).count, 0U);
  EXPECT_EQ(csv_lines({}, true).text, "");
}

}  // namespace
}  // namespace exitledger::top
