// SPDX-License-Identifier: MIT
// exitledger top: the books live. Asks the daemon, or keeps books of its own for as long as it runs.
#include <fmt/format.h>

#include <clocale>
#include <nlohmann/json.hpp>

#include "cli/backend.h"
#include "cli/commands.h"
#include "cli/log.h"
#include "cli/streams.h"
#include "export/live_json.h"
#include "top/csv.h"
#include "top/once.h"
#include "top/run.h"

namespace exitledger::cli {
namespace {

// A daemon that is busy must not keep keys and signals from working for long.
constexpr std::chrono::seconds kPatienceOnScreen{2}, kPatienceElsewhere{30};

top::Source source_of(Backend& backend) {
  return {[&backend]() -> Result<LiveSample> {
            backend.follow();
            const auto answer = backend.call("GET", "/api/v1/live", {});
            if (!answer) return tl::unexpected{answer.error()};
            return live_from_json(*answer);
          },
          backend.own_books()};
}

// Characters as the terminal has them; a file or a pipe gets UTF-8 whatever the environment says.
void use_characters(bool of_the_terminal) {
  const char* const set = of_the_terminal ? std::setlocale(LC_CTYPE, "") : std::setlocale(LC_CTYPE, "C.UTF-8");
  if (set == nullptr) log_line("this system does not have the locale asked for: names are shown in ASCII");
}

int once(const TopOptions& options, top::Waiter& waiter, const top::Source& source) {
  const auto interval = top::one_interval(waiter, source, options.interval);
  if (!interval) return complain(interval.error());
  if (!interval->now->session) {
    const std::string& why = interval->now->detached_because;
    return complain(Error{"show", "the running session", 0, why.empty() ? "no KVM vendor module is loaded" : why});
  }
  if (options.json)
    fmt::print("{}\n", top::once_json(*interval).dump(2, ' ', true));
  else
    fmt::print("{}", top::once_text(*interval));
  return 0;
}

int log_to_file(const TopOptions& options, top::Waiter& waiter, const top::Source& source) {
  auto csv = top::CsvLog::open(options.csv, std::string{top::kCsvHeader}, log_line);
  if (!csv) return complain(csv.error());
  top::Watch watch;
  watch.take(source.sample(), top::Watch::Clock::now());
  if (watch.unanswered()) return complain(*watch.unanswered());
  const auto ran =
      top::run_csv(*csv, options.per_vm, waiter, source, watch, {options.interval, options.count}, log_line);
  return ran ? 0 : complain(ran.error());
}

// Lines of own books: on stderr, and while the screen is taken on it; then they follow on stderr.
class TopLog {
 public:
  Log log() {
    return [this](LogLevel level, const std::string& line) {
      if (watch_ == nullptr) return plain_log(level, line);
      if (level >= LogLevel::kInfo) keep(line);
    };
  }
  void show_on(top::Watch& watch) { watch_ = &watch; }
  void release() {
    watch_ = nullptr;
    for (const std::string& line : kept_) log_line(line);
    kept_.clear();
  }

 private:
  void keep(const std::string& line) noexcept try {
    watch_->say(line, top::Watch::Clock::now());
    kept_.push_back(line);
  } catch (const std::exception&) {  // out of memory: nothing can be said any more
  }

  top::Watch* watch_ = nullptr;
  std::vector<std::string> kept_;
};

Result<void> show(const TopOptions& options, top::Waiter& waiter, const top::Source& source, TopLog& log) {
  top::Watch watch;
  watch.take(source.sample(), top::Watch::Clock::now());
  if (watch.unanswered()) return tl::unexpected{*watch.unanswered()};
  auto screen = top::Screen::open();
  if (!screen) return tl::unexpected{screen.error()};
  log.show_on(watch);
  return top::run_screen(*screen, waiter, source, watch, {options.interval, options.count});
}

// Before anything is attached.
Result<void> has_terminal(const TopOptions& options) {
  return options.once || !options.csv.empty() ? Result<void>{} : top::Screen::possible();
}

}  // namespace

int run_top(const Common& common, const TopOptions& options) {
  if (auto terminal = has_terminal(options); !terminal) return complain(terminal.error());
  const bool on_screen = !options.once && options.csv.empty();
  use_characters(on_screen);
  TopLog log;
  auto backend =
      any_backend(common, {.time = true, .log = log.log()}, on_screen ? kPatienceOnScreen : kPatienceElsewhere);
  if (!backend) return complain(backend.error());
  auto waiter = top::Waiter::create([&backend] { (*backend)->follow(); });
  if (!waiter) return complain(waiter.error());
  const top::Source source = source_of(**backend);
  if (options.once) return once(options, *waiter, source);
  if (!options.csv.empty()) return log_to_file(options, *waiter, source);
  const auto shown = show(options, *waiter, source, log);
  log.release();
  return shown ? 0 : complain(shown.error());
}

}  // namespace exitledger::cli
