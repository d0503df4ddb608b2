// SPDX-License-Identifier: MIT
#include "top/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "top/samples_for_tests.h"
#include "top/waiter.h"

namespace exitledger::top {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

const Watch::Clock::time_point kStart{seconds{1000}};

TEST(Watch, AnUnansweredQuestionIsSaidAndTheNextIntervalIsALongerOne) {
  Watch watch;
  watch.take(moment(1), kStart);
  watch.take(moment(2), kStart);
  watch.take(fail("connect", "/s", "", ENOENT), kStart + seconds{1});
  watch.take(fail("connect", "/s", "", ENOENT), kStart + seconds{2});
  EXPECT_EQ(watch.notice(kStart + seconds{4}), "no answer for 3 s: connect /s: No such file or directory");
  EXPECT_EQ(watch.shown().now->time_ns, moment(2).time_ns);
  watch.take(moment(5), kStart + seconds{5});
  EXPECT_EQ(watch.notice(kStart + seconds{5}), "");
  EXPECT_EQ(watch.newest().ns(), 3'000'000'000U);
  EXPECT_EQ(watch.intervals(), 2U);
}

TEST(Watch, ANewSessionIsSaidForAWhile) {
  Watch watch;
  watch.take(moment(1, "3"), kStart);
  EXPECT_EQ(watch.notice(kStart), "");
  watch.take(moment(2, "4"), kStart);
  EXPECT_THAT(watch.notice(kStart + seconds{9}), HasSubstr("session 4 began"));
  EXPECT_EQ(watch.notice(kStart + Watch::kNoticeShown), "");
  LiveSample none;
  watch.take(none, kStart);
  EXPECT_EQ(watch.notice(kStart), "session 4 ended");
}

TEST(Watch, WhatIsShownStandsStillWhilePaused) {
  Watch watch;
  watch.take(moment(1), kStart);
  watch.pause(true);
  watch.take(moment(2), kStart);
  EXPECT_EQ(watch.shown().now->time_ns, moment(1).time_ns);
  watch.pause(false);
  EXPECT_EQ(watch.shown().now->time_ns, moment(2).time_ns);
  EXPECT_EQ(watch.shown().ns(), 1'000'000'000U);
}

TEST(Ticks, StayOnTheirGridAndLeaveOutWhatWasSleptThrough) {
  Ticks ticks{kStart, std::chrono::milliseconds{500}};
  const auto at = [](std::int64_t ms) { return kStart + std::chrono::milliseconds{ms}; };
  EXPECT_EQ(ticks.after(at(0)), at(500));
  EXPECT_EQ(ticks.after(at(20)), at(500)) << "not yet over";
  EXPECT_EQ(ticks.after(at(501)), at(1000));
  EXPECT_EQ(ticks.after(at(2700)), at(3000));
}

}  // namespace
}  // namespace exitledger::top
