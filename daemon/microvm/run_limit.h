// SPDX-License-Identifier: MIT
// A bound on the time that a guest may run: the daemon must never hang in KVM_RUN.
#pragma once

#include <chrono>
#include <csignal>
#include <ctime>
#include <optional>

#include "model/result.h"

namespace exitledger {

/// While one lives, KVM_RUN of the thread that armed it comes back with EINTR once the time is over, and at once
/// from then on. A timer sends that thread a signal which stays blocked everywhere but inside KVM_RUN
/// (KVM_SET_SIGNAL_MASK), so no handler runs and no wake-up is lost between a check and the ioctl.
/// Arm, use and destroy in one thread; one at a time per thread.
class RunLimit {
 public:
  /// Errors: those of timer_create(2).
  [[nodiscard]] static Result<RunLimit> arm(std::chrono::nanoseconds time);

  ~RunLimit();
  RunLimit(RunLimit&& other) noexcept;
  RunLimit(const RunLimit&) = delete;
  RunLimit& operator=(const RunLimit&) = delete;
  RunLimit& operator=(RunLimit&&) = delete;

  [[nodiscard]] bool expired() const { return std::chrono::steady_clock::now() >= end_; }
  /// The thread's signal mask as it was before, with the limit's signal let through: KVM_RUN's mask.
  [[nodiscard]] const sigset_t& mask_in_guest() const { return mask_in_guest_; }

 private:
  RunLimit() = default;

  std::optional<timer_t> timer_;  // nullopt: moved from
  std::chrono::steady_clock::time_point end_;
  sigset_t mask_before_{};
  sigset_t mask_in_guest_{};
};

}  // namespace exitledger
