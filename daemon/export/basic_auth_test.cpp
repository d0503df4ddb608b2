// SPDX-License-Identifier: MIT
#include "export/basic_auth.h"

#include <gtest/gtest.h>

#include "export/test_server.h"

namespace exitledger {
namespace {

using Answer = BasicAuth::Answer;

class BasicAuthTest : public ::testing::Test {
 protected:
  std::chrono::steady_clock::time_point now;
  BasicAuth auth{{{"scraper", test::bcrypt("correct horse")}, {"other", test::bcrypt("battery")}},
                 [this] { return now; }};
};

TEST_F(BasicAuthTest, NameAndPasswordMustBothFit) {
  EXPECT_EQ(auth.check("scraper", "correct horse"), Answer::kYes);
  EXPECT_EQ(auth.check("scraper", "battery"), Answer::kNo);
  EXPECT_EQ(auth.check("nobody", "correct horse"), Answer::kNo);
  EXPECT_EQ(auth.check("", ""), Answer::kNo);
}

TEST_F(BasicAuthTest, AWrongPasswordAfterARightOneIsWrong) {
  EXPECT_EQ(auth.check("scraper", "correct horse"), Answer::kYes);
  EXPECT_EQ(auth.check("scraper", "correct hors"), Answer::kNo);
  EXPECT_EQ(auth.check("scraper", "correct horse "), Answer::kNo);
  EXPECT_EQ(auth.check("scraper", ""), Answer::kNo);
}

TEST_F(BasicAuthTest, GuessersDoNotLockOutWhoWasRightBefore) {
  EXPECT_EQ(auth.check("scraper", "correct horse"), Answer::kYes);
  for (unsigned i = 1; i < BasicAuth::kChecksPerSecond; ++i) EXPECT_EQ(auth.check("scraper", "guess"), Answer::kNo);
  EXPECT_EQ(auth.check("scraper", "guess"), Answer::kTooMany);
  EXPECT_EQ(auth.check("other", "battery"), Answer::kTooMany);
  EXPECT_EQ(auth.check("scraper", "correct horse"), Answer::kYes);
  now += std::chrono::seconds{1};
  EXPECT_EQ(auth.check("other", "battery"), Answer::kYes);
}

}  // namespace
}  // namespace exitledger
