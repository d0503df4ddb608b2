// SPDX-License-Identifier: MIT
#include "top/text.h"

#include <gtest/gtest.h>

#include <clocale>

namespace exitledger::top {
namespace {

// Of every test in this program.
const char* const kLocale = std::setlocale(LC_CTYPE, "C.UTF-8");

TEST(Text, TheLocaleOfTheseTestsIsThere) { ASSERT_NE(kLocale, nullptr); }

TEST(Text, NoControlCharacterGetsThrough) {
  EXPECT_EQ(printable("a\x1b[31mb\a\n\r\t\x7f"
                      "c"),
            "a?[31mb?????c");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m")
      << "CSI of ISO 6429 in one character";
}

TEST(Text, WhatIsNoCharacterIsAQuestionMark) {
  EXPECT_EQ(printable("a\xFF"
                      "b\xC3"),
            "a?b?");
  EXPECT_EQ(printable("\xED\xA0\x80"), "???") << "a surrogate";
}

TEST(Text, WhatTurnsOrJoinsTextIsLeftOut) {
  EXPECT_EQ(printable("a\xE2\x80\xAE"
                      "b\xE2\x80\x8D"
                      "c"),
            "abc");
}

TEST(Text, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(columns_of("\xE4\xB8\xAD"
                       "a"),
            3U);
  EXPECT_EQ(fitted("\xE4\xB8\xAD\xE6\x96\x87", 4), "\xE4\xB8\xAD\xE6\x96\x87");
  EXPECT_EQ(fitted("\xE4\xB8\xAD\xE6\x96\x87"
                   "x",
                   4),
            "\xE4\xB8\xAD ~")
      << "half of one does not fit";
}

TEST(Text, FitsExactly) {
  EXPECT_EQ(fitted("ab", 4), "ab  ");
  EXPECT_EQ(fitted("ab", 4, Align::kRight), "  ab");
  EXPECT_EQ(fitted("abcd", 4), "abcd");
  EXPECT_EQ(fitted("abcde", 4), "abc~");
  EXPECT_EQ(fitted("abcde", 1), "~");
  EXPECT_EQ(fitted("abc", 0), "");
}

TEST(Text, CountsKeepAllDigitsAsLongAsTheyFit) {
  EXPECT_EQ(count_text(999'999'999'999, 12), "999999999999");
  EXPECT_EQ(count_text(1'000'000'000'000, 12), "1000000000k");
  EXPECT_EQ(count_text(UINT64_MAX, 12), "18446744073G");
  EXPECT_EQ(count_text(123'456, 6), "123456");
  EXPECT_EQ(signed_text(-12, 6), "-12");
  EXPECT_EQ(signed_text(INT64_MIN, 6), "-9223P");
  EXPECT_EQ(signed_text(5, 6), "5");
}

TEST(Text, Rates) {
  EXPECT_EQ(rate_text(0, 9), "0.0");
  EXPECT_EQ(rate_text(999.94, 9), "999.9");
  EXPECT_EQ(rate_text(999.96, 9), "1000");
  EXPECT_EQ(rate_text(1e9, 9), "1000000k");
}

TEST(Text, Times) {
  EXPECT_EQ(time_text(0), "0ns");
  EXPECT_EQ(time_text(834.4), "834ns");
  EXPECT_EQ(time_text(999.6), "1.00us");
  EXPECT_EQ(time_text(12'340), "12.3us");
  EXPECT_EQ(time_text(999'600'000), "1.00s");
  EXPECT_EQ(time_text(127e9), "127s");
}

}  // namespace
}  // namespace exitledger::top
