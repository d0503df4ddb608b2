// SPDX-License-Identifier: MIT
// Time and signals: what a loop that shows or logs waits for.
#pragma once

#include <chrono>
#include <functional>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger::top {

class Waiter {
 public:
  using Clock = std::chrono::steady_clock;

  /// From here on SIGTERM, SIGINT, SIGHUP and SIGWINCH arrive here alone, and a pipe without reader or a file beyond
  /// its limit is an error of write(). `idle` is called at least once a second while wait() waits; may be empty.
  [[nodiscard]] static Result<Waiter> create(std::function<void()> idle);

  enum class Event {
    kTime,    ///< the time has come
    kInput,   ///< `input` can be read
    kResize,  ///< of the terminal
    kStop,    ///< a signal says so, or `input` has come to its end
  };
  /// `input` -1: none. Error: poll() failed.
  [[nodiscard]] Result<Event> wait(int input, Clock::time_point until);

 private:
  Waiter(UniqueFd signals, std::function<void()> idle) : signals_(std::move(signals)), idle_(std::move(idle)) {}
  UniqueFd signals_;
  std::function<void()> idle_;
};

/// Times at equal distances: one that was slept through is left out.
class Ticks {
 public:
  Ticks(Waiter::Clock::time_point first, std::chrono::milliseconds interval) : next_(first), interval_(interval) {}
  /// The first one after `now`.
  [[nodiscard]] Waiter::Clock::time_point after(Waiter::Clock::time_point now) {
    if (next_ <= now) next_ += interval_ * ((now - next_) / interval_ + 1);
    return next_;
  }

 private:
  Waiter::Clock::time_point next_;
  std::chrono::milliseconds interval_;
};

}  // namespace exitledger::top
