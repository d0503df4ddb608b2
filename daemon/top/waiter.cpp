// SPDX-License-Identifier: MIT
#include "top/waiter.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

namespace exitledger::top {
namespace {

constexpr std::chrono::milliseconds kIdle{1000};

}  // namespace

Result<Waiter> Waiter::create(std::function<void()> idle) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGWINCH}) sigaddset(&set, number);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("sigprocmask", "SIGTERM, SIGINT, SIGHUP, SIGWINCH");
  for (const int number : {SIGPIPE, SIGXFSZ})
    if (signal(number, SIG_IGN) == SIG_ERR) return fail_errno("signal", "SIGPIPE, SIGXFSZ");
  UniqueFd fd{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) return fail_errno("signalfd", "SIGTERM, SIGINT, SIGHUP, SIGWINCH");
  return Waiter{std::move(fd), std::move(idle)};
}

Result<Waiter::Event> Waiter::wait(int input, Clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    std::array<pollfd, 2> fds{{{signals_.get(), POLLIN, 0}, {input, POLLIN, 0}}};
    const auto wait = std::clamp(left, std::chrono::milliseconds{0}, kIdle);
    if (poll(fds.data(), fds.size(), static_cast<int>(wait.count())) < 0 && errno != EINTR)
      return fail_errno("poll", "signals and terminal");
    signalfd_siginfo signal{};
    if (fds[0].revents != 0 && read(signals_.get(), &signal, sizeof signal) == sizeof signal)
      return signal.ssi_signo == SIGWINCH ? Event::kResize : Event::kStop;
    if ((fds[1].revents & POLLIN) != 0) return Event::kInput;
    if (fds[1].revents != 0) return Event::kStop;
    if (Clock::now() >= until) return Event::kTime;
    if (idle_) idle_();
  }
}

}  // namespace exitledger::top
