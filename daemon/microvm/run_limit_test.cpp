// SPDX-License-Identifier: MIT
#include "microvm/run_limit.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <cerrno>
#include <utility>

namespace exitledger {
namespace {

using std::chrono::milliseconds;

/// Sleeps with the mask that KVM_RUN would have: true if a signal ended it.
bool interrupted(const RunLimit& limit, milliseconds at_most) {
  const timespec time{.tv_sec = at_most.count() / 1000, .tv_nsec = at_most.count() % 1000 * 1'000'000};
  return ::ppoll(nullptr, 0, &time, &limit.mask_in_guest()) < 0 && errno == EINTR;
}

sigset_t current_mask() {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

/// The limit's signal has no handler in the product: KVM_RUN looks at what is pending and delivers nothing. A sleeping
/// call does deliver, so the tests give it an empty handler.
class RunLimitTest : public testing::Test {
 protected:
  RunLimitTest() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    ::sigaction(SIGRTMAX - 3, &action, &before_);
  }
  ~RunLimitTest() override { ::sigaction(SIGRTMAX - 3, &before_, nullptr); }

 private:
  struct sigaction before_ {};
};

TEST_F(RunLimitTest, InterruptsWhenTheTimeIsOver) {
  const auto limit = RunLimit::arm(milliseconds(20));
  ASSERT_TRUE(limit) << limit.error().message();
  EXPECT_FALSE(limit->expired());
  EXPECT_TRUE(interrupted(*limit, milliseconds(5000)));
  EXPECT_TRUE(limit->expired());
}

TEST_F(RunLimitTest, SignalThatCameOutsideIsNotLost) {
  const auto limit = RunLimit::arm(milliseconds(1));
  ASSERT_TRUE(limit);
  while (!limit->expired()) ::poll(nullptr, 0, 1);
  ::poll(nullptr, 0, 5);  // blocked here: stays pending
  EXPECT_TRUE(interrupted(*limit, milliseconds(5000)));
}

TEST_F(RunLimitTest, DoesNotInterruptBefore) {
  const auto limit = RunLimit::arm(std::chrono::hours(1));
  ASSERT_TRUE(limit);
  EXPECT_FALSE(interrupted(*limit, milliseconds(10)));
}

TEST_F(RunLimitTest, LeavesNoSignalAndTheOldMaskBehind) {
  const sigset_t before = current_mask();
  {
    auto limit = RunLimit::arm(milliseconds(1));
    ASSERT_TRUE(limit);
    ::poll(nullptr, 0, 10);
    const RunLimit moved = std::move(*limit);
    EXPECT_EQ(sigismember(&before, SIGRTMAX - 3), 0);
    const sigset_t inside = current_mask();
    EXPECT_EQ(sigismember(&inside, SIGRTMAX - 3), 1);
  }
  const sigset_t after = current_mask();
  EXPECT_EQ(sigismember(&after, SIGRTMAX - 3), 0);
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGRTMAX - 3), 0);
}

}  // namespace
}  // namespace exitledger
