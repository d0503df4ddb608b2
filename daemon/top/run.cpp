// SPDX-License-Identifier: MIT
#include "top/run.h"

#include <fmt/format.h>
#include <unistd.h>

#include "top/csv.h"

namespace exitledger::top {
namespace {

using Clock = Waiter::Clock;

bool ends(const Watch& watch, const Pace& pace) { return pace.count > 0 && watch.intervals() >= pace.count; }

Surroundings around(const Watch& watch, const Source& source, const Pace& pace) {
  return {interval_text(pace.interval), source.own_books, watch.notice(Clock::now())};
}

void draw(Screen& screen, const View& view, const Watch& watch, const Surroundings& around) {
  screen.draw(page(view, watch.shown(), around, screen.size()));
}

void take_keys(Screen& screen, View& view, Watch& watch, const Surroundings& around) {
  for (bool waiting = true; waiting && !view.quit();) {
    const Key key = screen.key(waiting);
    view.press(key, view.rows(watch.shown()), rows_that_fit(screen.size(), around));
    watch.pause(view.paused());
  }
}

// One interval on the screen; false: the end has come.
Result<bool> show_until(Clock::time_point until, Screen& screen, Waiter& waiter, const Source& source, View& view,
                        Watch& watch, const Pace& pace) {
  for (;;) {
    const Surroundings now = around(watch, source, pace);
    draw(screen, view, watch, now);
    const auto event = waiter.wait(STDIN_FILENO, until);
    if (!event) return tl::unexpected{event.error()};
    if (*event == Waiter::Event::kTime) return true;
    if (*event == Waiter::Event::kStop) return false;
    if (*event == Waiter::Event::kResize) screen.resize();
    take_keys(screen, view, watch, now);
    if (view.quit()) return false;
  }
}

// Why there is nothing to log; empty: there is something.
std::string nothing_because(const Watch& watch) {
  if (watch.unanswered()) return "no answer: " + watch.unanswered()->message();
  const LiveSample& now = *watch.newest().now;
  if (now.session) return {};
  return "no session runs: " + (now.detached_because.empty() ? "no KVM vendor module is loaded" : now.detached_because);
}

void say_change(const std::string& because, std::string& said, const CsvLog::Say& say) {
  if (because == said) return;
  say(because.empty() ? "the log goes on" : because + "; nothing is logged meanwhile");
  said = because;
}

}  // namespace

std::string interval_text(std::chrono::milliseconds interval) {
  constexpr std::int64_t kSecond = 1000, kMinute = 60'000;
  const std::int64_t ms = interval.count();
  if (ms % kMinute == 0) return fmt::format("{}m", ms / kMinute);
  return ms % kSecond == 0 ? fmt::format("{}s", ms / kSecond) : fmt::format("{}ms", ms);
}

Result<Interval> one_interval(Waiter& waiter, const Source& source, std::chrono::milliseconds interval) {
  auto first = source.sample();
  if (!first) return tl::unexpected{first.error()};
  const auto until = Clock::now() + interval;
  for (auto event = waiter.wait(-1, until);; event = waiter.wait(-1, until)) {
    if (!event) return tl::unexpected{event.error()};
    if (*event == Waiter::Event::kStop) return fail("wait", "for the second sample", "a signal ended it");
    if (*event == Waiter::Event::kTime) break;
  }
  auto second = source.sample();
  if (!second) return tl::unexpected{second.error()};
  return Interval{std::make_shared<const LiveSample>(std::move(*first)),
                  std::make_shared<const LiveSample>(std::move(*second))};
}

Result<void> run_screen(Screen& screen, Waiter& waiter, const Source& source, Watch& watch, const Pace& pace) {
  View view;
  Ticks ticks{Clock::now(), pace.interval};
  while (!ends(watch, pace)) {
    const auto goes_on = show_until(ticks.after(Clock::now()), screen, waiter, source, view, watch, pace);
    if (!goes_on) return tl::unexpected{goes_on.error()};
    if (!*goes_on) return {};
    watch.take(source.sample(), Clock::now());
  }
  return {};
}

Result<void> run_csv(CsvLog& log, bool per_vm, Waiter& waiter, const Source& source, Watch& watch, const Pace& pace,
                     const CsvLog::Say& say) {
  std::string said;
  Ticks ticks{Clock::now(), pace.interval};
  while (!ends(watch, pace)) {
    const auto event = waiter.wait(-1, ticks.after(Clock::now()));
    if (!event) return tl::unexpected{event.error()};
    if (*event == Waiter::Event::kStop) break;
    if (*event != Waiter::Event::kTime) continue;
    watch.take(source.sample(), Clock::now());
    say_change(nothing_because(watch), said, say);
    if (watch.unanswered()) continue;
    const CsvLines lines = csv_lines(watch.newest(), per_vm);
    if (auto written = log.append(lines.text, lines.count); !written) return written;
  }
  if (log.lost() > 0) return fail("write", "the log", fmt::format("its last {} lines are lost", log.lost()));
  return {};
}

}  // namespace exitledger::top
