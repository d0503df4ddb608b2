// SPDX-License-Identifier: MIT
#include "base/escape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger {
namespace {

using testing::Not;

TEST(Escape, WhatDrivesATerminalOrReordersTextIsGone) {
  EXPECT_EQ(printable("a\x1b[31m\n\tb\x7f"), "a?[31m??b?");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m")
      << "C1: CSI in one character";
  EXPECT_EQ(printable("a\u202Eb\u2066c\u200Fd\u061Ce"), "a?b?c?d?e");
  EXPECT_EQ(printable("\u2028\uFFFE"), "??");
  EXPECT_EQ(printable("\u00FC\u2013 \U0001F980 \u00A0"), "\u00FC\u2013 \U0001F980 \u00A0");
  EXPECT_EQ(printable("x\xFFy\xC3"), "x\uFFFDy\uFFFD");
}

TEST(Escape, CutsBetweenCharacters) {
  EXPECT_EQ(fitted("\u00FC\u00FC\u00FC\u00FC", 3), "\u00FC\u00FC.");
  EXPECT_EQ(fitted("\U0001F980\U0001F980", 2), "\U0001F980\U0001F980");
  EXPECT_EQ(fitted("abcdef", 1), ".");
  EXPECT_EQ(fitted("abc", 0), "");
  EXPECT_EQ(characters("\u00FC\U0001F980x"), 3U);
}

TEST(Escape, Html) {
  EXPECT_EQ(html_escaped("<script>\"&'\n"), "&lt;script&gt;&quot;&amp;&#39;?");
  EXPECT_EQ(html_escaped("\u00FC"), "\u00FC");
}

TEST(Escape, CsvIsRfc4180) {
  EXPECT_EQ(csv_text("plain text"), "plain text");
  EXPECT_EQ(csv_text(""), "");
  EXPECT_EQ(csv_text("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_text("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv_text("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_text("a\rb"), "\"a\rb\"");
  EXPECT_EQ(csv_text("=1+1"), "'=1+1") << "no formula";
  EXPECT_EQ(csv_text("@x,y"), "\"'@x,y\"");
  EXPECT_EQ(csv_text("-"), "-");
  EXPECT_EQ(csv_text("\n =1"), "\"'\n =1\"") << "nor one behind a line end";
  EXPECT_EQ(csv_text("vm\x1b[2J\tx\xc2\x9b"), "vm?[2J?x?") << "it may be read on a terminal";
}

TEST(Escape, MarkdownHasNoMarkupLeft) {
  EXPECT_EQ(markdown_escaped("a|b"), "a\\|b");
  EXPECT_EQ(markdown_escaped("[x](y) `z` *w* <b> #h"), "\\[x\\]\\(y\\) \\`z\\` \\*w\\* \\<b\\> \\#h");
  EXPECT_EQ(markdown_escaped("https://e.example"), "https\\://e\\.example") << "no link by itself either";
  EXPECT_EQ(markdown_escaped("a\nb"), "a?b") << "one line, one cell";
  EXPECT_EQ(markdown_escaped("back\\slash"), "back\\\\slash");
}

}  // namespace
}  // namespace exitledger
