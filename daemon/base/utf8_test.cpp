// SPDX-License-Identifier: MIT
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace exitledger {
namespace {

TEST(ValidUtf8, KeepsWhatIsValidAndReplacesTheRest) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(valid_utf8("plain"), "plain");
  EXPECT_EQ(valid_utf8("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"), "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(valid_utf8("a\x80z"), "a" + replacement + "z");                  // continuation without a lead
  EXPECT_EQ(valid_utf8("\xC0\xAF"), replacement + replacement);              // overlong
  EXPECT_EQ(valid_utf8("\xE2\x82"), replacement + replacement);              // cut short
  EXPECT_EQ(valid_utf8("\xF4\x90\x80\x80").size(), 4 * replacement.size());  // above U+10FFFF
}

TEST(ValidUtf8, IsCutBetweenCharacters) {
  EXPECT_EQ(valid_utf8("a\xC3\xBC", 3), "a\xC3\xBC");
  EXPECT_EQ(valid_utf8("a\xC3\xBC", 2), "a");
  EXPECT_EQ(valid_utf8("\xF0\x9F\x98\x80", 3), "");
  EXPECT_EQ(valid_utf8("ab\xFF", 4), "ab") << "what replaces a byte is not cut either";
  EXPECT_EQ(valid_utf8("abc", 0), "");
}

}  // namespace
}  // namespace exitledger
