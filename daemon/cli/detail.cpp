// SPDX-License-Identifier: MIT
// exitledger detail: the exits of one kind, by what each of them was.
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/second_book.h"
#include "cli/streams.h"
#include "model/units.h"
#include "session/detail_report.h"
#include "witness/detail_witness.h"

namespace exitledger::cli {
namespace {

// SIGINT and SIGTERM wait to be taken, also where the shell that started us has them ignored.
Result<sigset_t> hold_stop_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  if (sigprocmask(SIG_BLOCK, &stop, nullptr) != 0) return fail_errno("sigprocmask", "SIGINT, SIGTERM");
  return stop;
}

// Until one of `stop` comes or the time is over.
Result<void> wait_for_end(const sigset_t& stop, std::uint32_t seconds) {
  const std::uint64_t deadline = monotonic_now_ns() + seconds * kNsPerSecond<std::uint64_t>;
  for (std::uint64_t now = monotonic_now_ns(); now < deadline; now = monotonic_now_ns()) {
    const std::uint64_t left = deadline - now;
    const timespec time{static_cast<time_t>(left / kNsPerSecond<std::uint64_t>),
                        static_cast<long>(left % kNsPerSecond<std::uint64_t>)};
    if (sigtimedwait(&stop, nullptr, &time) > 0) return {};
    if (errno != EAGAIN && errno != EINTR) return fail_errno("sigtimedwait", "SIGINT, SIGTERM");
  }
  return {};
}

// Each reading of the daemon's book is parted from the interval's ends by a moment at which no exit is half counted: a
// program of either side that ran before it has ended.
Result<void> count(DetailWitness& witness, DaemonBook& daemon, const sigset_t& stop, std::uint32_t seconds) {
  daemon.read();
  if (auto done = witness.settle(); !done) return done;
  if (auto done = witness.begin(); !done) return done;
  if (auto done = witness.settle(); !done) return done;
  daemon.read();
  log_line(fmt::format("counting for {} s, or until SIGINT", seconds));
  if (auto done = wait_for_end(stop, seconds); !done) return done;
  daemon.read();
  if (auto done = witness.settle(); !done) return done;
  if (auto done = witness.end(); !done) return done;
  daemon.read();
  return {};
}

}  // namespace

int run_detail(const Common& common, const DetailOptionsCli& options) {
  const auto stop = hold_stop_signals();
  if (!stop) return complain(stop.error());
  auto witness = DetailWitness::attach({options.kind, options.rows, common.slots});
  if (!witness) return complain(witness.error());
  DaemonBook daemon{common, witness->vendor(), options.kind};
  if (auto done = count(*witness, daemon, *stop, options.seconds); !done) return complain(done.error());
  auto sample = witness->sample();
  if (!sample) return complain(sample.error());
  DetailReport report{std::move(*sample), {}, daemon.book(), daemon.why_not()};
  report.verdict = judge_detail(report.sample, report.book);
  if (options.json)
    fmt::print("{}\n", detail_json(report).dump(2));
  else
    fmt::print("{}", detail_text(report));
  return exit_status(report.verdict.verdict);
}

}  // namespace exitledger::cli
