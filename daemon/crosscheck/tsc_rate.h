// SPDX-License-Identifier: MIT
// The TSC's rate against CLOCK_MONOTONIC over one session: measured, because NTP steers that clock and the kernel's own
// figure is rounded to kHz.
#pragma once

#include <cstdint>
#include <optional>

#include "model/exit_time.h"

namespace exitledger {

class TscRate {
 public:
  /// How much faster or slower than its average CLOCK_MONOTONIC may run: 500 ppm of frequency (MAXFREQ) and 500 ppm of
  /// slewing by adjtime() (MAX_TICKADJ), include/linux/timex.h. What runs more than that off its average over a second
  /// and more is found by steady().
  static constexpr double kWander = 1000e-6;

  /// Pairs in order of time; the first begins the session.
  void accept(const ClockPair& pair);

  struct Rate {
    double hz = 0;
    double error = 0;  ///< relative: of the measurement, and kWander
  };
  /// Average since the first pair; nullopt while they are too close to tell it to 1000 ppm, or if a clock fell.
  [[nodiscard]] std::optional<Rate> rate() const;
  /// No stretch of a second or more ran further from the average than rate() says. A host that slept, or whose clock
  /// is slewed harder than NTP's kernel half does, is not steady.
  [[nodiscard]] bool steady() const;

 private:
  std::optional<ClockPair> first_, newest_, mark_;
  bool fell_ = false;
  double slowest_ = 0, fastest_ = 0;  ///< Hz over stretches of a second and more; 0: none yet
};

}  // namespace exitledger
