// SPDX-License-Identifier: MIT
#include "top/watch.h"

#include <fmt/format.h>

#include <utility>

namespace exitledger::top {

void Watch::take(Result<LiveSample> answer, Clock::time_point now) {
  if (!answer) {
    if (!unanswered_) unanswered_since_ = now;
    unanswered_ = answer.error();
    return;
  }
  unanswered_.reset();
  notice_session(*answer, now);
  newest_ = {std::move(newest_.now), std::make_shared<const LiveSample>(std::move(*answer))};
  if (newest_.before) ++intervals_;
}

void Watch::notice_session(const LiveSample& sample, Clock::time_point now) {
  if (!newest_.now || same_session(*newest_.now, sample)) return;
  if (sample.session)
    say(fmt::format("session {} began: its counts start anew", sample.session->id), now);
  else if (newest_.now->session)
    say(fmt::format("session {} ended", newest_.now->session->id), now);
}

void Watch::say(std::string line, Clock::time_point now) {
  notice_ = std::move(line);
  noticed_ = now;
}

void Watch::pause(bool paused) {
  if (paused && !paused_) kept_ = newest_;
  paused_ = paused;
}

std::string Watch::notice(Clock::time_point now) const {
  if (unanswered_) {
    const auto since = std::chrono::floor<std::chrono::seconds>(now - unanswered_since_);
    return fmt::format("no answer for {} s: {}", since.count(), unanswered_->message());
  }
  return now - noticed_ < kNoticeShown ? notice_ : std::string{};
}

}  // namespace exitledger::top
