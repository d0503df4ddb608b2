// SPDX-License-Identifier: MIT
// The three ways to watch the books: on a screen, into a log, once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "top/csv_log.h"
#include "top/screen.h"
#include "top/waiter.h"
#include "top/watch.h"

namespace exitledger::top {

/// Where samples come from.
struct Source {
  std::function<Result<LiveSample>()> sample;
  bool own_books = false;  ///< of this process: there is no daemon
};

struct Pace {
  std::chrono::milliseconds interval{1000};
  std::uint64_t count = 0;  ///< intervals after which it ends; 0: it does not
};

/// "500ms", "1s", "2m"
[[nodiscard]] std::string interval_text(std::chrono::milliseconds interval);

/// Two samples one interval apart. Errors: no answer; stopped by a signal before the second one.
[[nodiscard]] Result<Interval> one_interval(Waiter& waiter, const Source& source, std::chrono::milliseconds interval);

/// Until a key, a signal or the count ends it. `watch` has the first sample already. A question without an answer is
/// shown and asked again.
[[nodiscard]] Result<void> run_screen(Screen& screen, Waiter& waiter, const Source& source, Watch& watch,
                                      const Pace& pace);

/// Likewise, a log's interval for each sample after the first. `say` gets one line when there is nothing to log and
/// one when there is again. Errors: stdout has no reader; lines are still lost at the end.
[[nodiscard]] Result<void> run_csv(CsvLog& log, bool per_vm, Waiter& waiter, const Source& source, Watch& watch,
                                   const Pace& pace, const CsvLog::Say& say);

}  // namespace exitledger::top
