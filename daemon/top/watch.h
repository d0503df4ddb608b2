// SPDX-License-Identifier: MIT
// What is known of the books over time: the newest samples, and what there is to say beside them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "model/result.h"
#include "top/rows.h"

namespace exitledger::top {

class Watch {
 public:
  using Clock = std::chrono::steady_clock;

  /// The answer of one moment. An Error leaves what was known; the next sample's interval is then a longer one.
  void take(Result<LiveSample> answer, Clock::time_point now);
  /// A line for the user: the newest one is shown for kNoticeShown.
  void say(std::string line, Clock::time_point now);
  static constexpr std::chrono::seconds kNoticeShown{10};

  /// What to show: stands still while paused.
  void pause(bool paused);
  [[nodiscard]] const Interval& shown() const { return paused_ ? kept_ : newest_; }
  [[nodiscard]] const Interval& newest() const { return newest_; }
  /// Samples after the first.
  [[nodiscard]] std::uint64_t intervals() const { return intervals_; }

  /// "" or why there is no answer now, and for how long; else the newest notice.
  [[nodiscard]] std::string notice(Clock::time_point now) const;
  /// nullopt: the last question was answered.
  [[nodiscard]] const std::optional<Error>& unanswered() const { return unanswered_; }

 private:
  void notice_session(const LiveSample& sample, Clock::time_point now);

  Interval newest_, kept_;
  bool paused_ = false;
  std::uint64_t intervals_ = 0;
  std::optional<Error> unanswered_;
  Clock::time_point unanswered_since_{};
  std::string notice_;
  Clock::time_point noticed_{};
};

}  // namespace exitledger::top
