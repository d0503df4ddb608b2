// SPDX-License-Identifier: MIT
#include "microvm/run_limit.h"

#include <unistd.h>

#include <utility>

namespace exitledger {
namespace {

// Any real-time signal does; the first ones are what other libraries take.
int limit_signal() { return SIGRTMAX - 3; }

sigset_t only_limit_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, limit_signal());
  return set;
}

timespec to_timespec(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
  return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

}  // namespace

Result<RunLimit> RunLimit::arm(std::chrono::nanoseconds time) {
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = limit_signal();
  event._sigev_un._tid = ::gettid();  // glibc 2.36 has no public name for it
  timer_t timer{};
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return fail_errno("timer_create", "run limit");

  RunLimit limit;
  limit.timer_ = timer;
  const sigset_t ours = only_limit_signal();
  ::pthread_sigmask(SIG_BLOCK, &ours, &limit.mask_before_);
  limit.mask_in_guest_ = limit.mask_before_;
  sigdelset(&limit.mask_in_guest_, limit_signal());
  limit.end_ = std::chrono::steady_clock::now() + time;
  const itimerspec once{.it_interval = {}, .it_value = to_timespec(time)};
  if (::timer_settime(timer, 0, &once, nullptr) != 0) return fail_errno("timer_settime", "run limit");
  return limit;
}

RunLimit::RunLimit(RunLimit&& other) noexcept
    : timer_(std::exchange(other.timer_, std::nullopt)),
      end_(other.end_),
      mask_before_(other.mask_before_),
      mask_in_guest_(other.mask_in_guest_) {}

RunLimit::~RunLimit() {
  if (!timer_) return;
  ::timer_delete(*timer_);
  // A signal sent before the deletion would hit the thread when it is unblocked.
  const sigset_t ours = only_limit_signal();
  const timespec at_once{};
  while (::sigtimedwait(&ours, nullptr, &at_once) > 0) {
  }
  ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

}  // namespace exitledger
