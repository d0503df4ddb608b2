// SPDX-License-Identifier: MIT
#include "compare/text_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "base/escape.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

TEST(TextTable, CutsNamesAndNeverNumbers) {
  TextTable table({"A", "B"});
  table.add("10", std::string(200, 'n'), {"1,234", std::string(40, '9')});
  table.add("", "total", {"5"}, " !");
  EXPECT_FALSE(table.fits());
  const std::string text = table.text("reason");
  EXPECT_THAT(text, HasSubstr(std::string(40, '9') + "\n"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(characters(line), TextTable::kColumns) << line;
  EXPECT_THAT(text, HasSubstr("nnn. "));
}

}  // namespace
}  // namespace exitledger
