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
                 // Every look at the clock is a tenth of a second after the last: so long takes a hash.
                 [this] { return now += std::chrono::milliseconds{100}; }};
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
  EXPECT_EQ(check("scraper", "guess"), Answer::kNo);  // a hash of 100 ms: none for 400 ms
  const auto hashed = now;
  while (check("other", "battery", "192.0.2.2") == Answer::kTooMany) ASSERT_LT(now - hashed, std::chrono::seconds{1});
  EXPECT_GE(now - hashed, std::chrono::milliseconds{400});
  EXPECT_EQ(check("scraper", "correct horse"), Answer::kYes) << "a right one costs the next nothing";
}

TEST_F(BasicAuthTest, GuessersDoNotLockOutWhoWasRightBefore) {
  EXPECT_EQ(check("scraper", "correct horse"), Answer::kYes);
  EXPECT_EQ(check("scraper", "guess"), Answer::kNo);
  EXPECT_EQ(check("scraper", "guess"), Answer::kTooMany);
  EXPECT_EQ(check("scraper", "correct horse"), Answer::kYes);
}

TEST_F(BasicAuthTest, AnAddressThatGuessesIsNotCheckedForAWhileAndOthersAre) {
  unsigned checked = 0;
  for (const auto begin = now; now - begin < BasicAuth::kForgiven / 2;)
    if (check("scraper", "guess", "192.0.2.66") == Answer::kNo) ++checked;
  EXPECT_EQ(checked, BasicAuth::kWrongPerAddress);
  EXPECT_EQ(check("other", "battery", "192.0.2.66"), Answer::kTooMany);
  EXPECT_EQ(check("scraper", "correct horse", "192.0.2.1"), Answer::kYes);
  now += BasicAuth::kForgiven;
  EXPECT_EQ(check("other", "battery", "192.0.2.66"), Answer::kYes);
}

TEST_F(BasicAuthTest, AddressesThatWereWrongAreForgottenOldestFirst) {
  for (std::size_t i = 0; i < BasicAuth::kAddresses + 10; ++i) {
    now += std::chrono::seconds{1};
    EXPECT_EQ(check("scraper", "guess", std::to_string(i)), Answer::kNo) << i;
  }
}

}  // namespace
}  // namespace exitledger
