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
  std::chrono::microseconds step{300'000};  // between two looks at the clock: so long takes a hash
  BasicAuth auth{{{"scraper", test::bcrypt("correct horse")}, {"other", test::bcrypt("battery")}},
                 [this] { return now += step; }};
  Answer check(const std::string& name, const std::string& password, const std::string& address = "192.0.2.1") {
    return auth.check(name, password, address);
  }
  // Checked, whatever was wrong before.
  Answer later(const std::string& name, const std::string& password) {
    now += BasicAuth::kForgiven;
    return check(name, password);
  }
};

TEST_F(BasicAuthTest, NameAndPasswordMustBothFit) {
  EXPECT_EQ(later("scraper", "correct horse"), Answer::kYes);
  EXPECT_EQ(later("scraper", "battery"), Answer::kNo);
  EXPECT_EQ(later("nobody", "correct horse"), Answer::kNo);
  EXPECT_EQ(later("nobody", "battery"), Answer::kNo);
  EXPECT_EQ(later("", ""), Answer::kNo);
}

TEST_F(BasicAuthTest, AWrongPasswordAfterARightOneIsWrong) {
  EXPECT_EQ(later("scraper", "correct horse"), Answer::kYes);
  EXPECT_EQ(later("scraper", "correct hors"), Answer::kNo);
  EXPECT_EQ(later("scraper", "correct horse "), Answer::kNo);
  EXPECT_EQ(later("scraper", ""), Answer::kNo);
}

TEST_F(BasicAuthTest, WrongPasswordsTakeAFifthOfTheTimeAndNoMore) {
  EXPECT_EQ(check("scraper", "guess"), Answer::kNo);  // a hash of 300 ms: none for four times that
  const auto hashed = now;
  while (check("other", "battery", "192.0.2.2") == Answer::kTooMany) ASSERT_LT(now - hashed, std::chrono::seconds{3});
  EXPECT_GE(now - hashed, 4 * step);
  EXPECT_EQ(check("scraper", "correct horse"), Answer::kYes) << "a right one costs the next nothing";
}

TEST_F(BasicAuthTest, GuessersDoNotLockOutWhoWasRightBefore) {
  EXPECT_EQ(check("scraper", "correct horse"), Answer::kYes);
  EXPECT_EQ(check("scraper", "guess"), Answer::kNo);
  EXPECT_EQ(check("scraper", "guess"), Answer::kTooMany);
  EXPECT_EQ(check("scraper", "correct horse"), Answer::kYes);
}

TEST_F(BasicAuthTest, AnAddressThatGuessesIsNotCheckedForAWhileAndOthersAre) {
  unsigned checked = 0, others = 0;
  for (const auto begin = now; now - begin < BasicAuth::kForgiven - std::chrono::seconds{5};) {
    if (check("scraper", "guess", "192.0.2.66") == Answer::kNo) ++checked;
    if (check("other", "battery", "192.0.2.1") == Answer::kYes) ++others;
  }
  EXPECT_EQ(checked, BasicAuth::kWrongPerAddress);
  EXPECT_GT(others, 10U);
  EXPECT_EQ(check("scraper", "correct horse", "192.0.2.66"), Answer::kTooMany);
  now += BasicAuth::kForgiven;
  EXPECT_EQ(check("scraper", "correct horse", "192.0.2.66"), Answer::kYes);
}

TEST_F(BasicAuthTest, SoManyAddressesAreRememberedAndTheOldestIsForgotten) {
  step = std::chrono::microseconds{1};
  const auto wrong = [&](const std::string& address) {
    now += std::chrono::microseconds{100};  // not held up by the hash before
    return check("scraper", "guess", address);
  };
  for (unsigned i = 0; i < BasicAuth::kWrongPerAddress; ++i) EXPECT_EQ(wrong("oldest"), Answer::kNo);
  for (unsigned i = 0; i < BasicAuth::kWrongPerAddress; ++i) EXPECT_EQ(wrong("next"), Answer::kNo);
  for (std::size_t i = 2; i < BasicAuth::kAddresses; ++i) EXPECT_EQ(wrong(std::to_string(i)), Answer::kNo);
  EXPECT_EQ(wrong("oldest"), Answer::kTooMany);
  EXPECT_EQ(wrong("one more"), Answer::kNo);
  EXPECT_EQ(wrong("next"), Answer::kTooMany);
  EXPECT_EQ(wrong("oldest"), Answer::kNo);
}

}  // namespace
}  // namespace exitledger
