// SPDX-License-Identifier: MIT
// The books' part in a calibration: who runs it when, and what its result does to the running session.
#include <fmt/format.h>

#include "calibration/calibrate.h"
#include "microvm/cpu_pin.h"
#include "session/books.h"

namespace exitledger {
namespace {

// A prime, so that no sum of other things looks like it; small, because every load of the module pays for it.
constexpr std::uint32_t kFastTurns = 7;

}  // namespace

Result<Calibration> Books::calibrate(std::uint32_t turns) {
  next_look_ = {};
  next_reading_ = std::chrono::steady_clock::now() + options_.leaf_interval;
  follow();
  if (auto may = may_read(); !may) return tl::unexpected{may.error()};
  return calibrate_now(turns, false);
}

Result<Calibration> Books::calibrate_now(std::uint32_t turns, bool fast) {
  const auto cpus = usable_cpus();
  if (!cpus) return tl::unexpected{cpus.error()};
  const std::uint32_t cpu = cpus->front();
  const auto pin = CpuPin::to(cpu);
  if (!pin) return tl::unexpected{pin.error()};
  if (leaf_state_ == LeafState::kPresent)
    if (auto known = know_leaf_host(); !known) return tl::unexpected{known.error()};
  const Session& session = running_->session();
  CalibrationPlan plan;
  plan.target = {.vendor = session.vendor,
                 .paging = session.paging,
                 .parameters = session.parameters,
                 .xsave = processor_has_xsave(),
                 .rdrand = processor_has_rdrand()};
  plan.leaf = options_.leaf;
  if (leaf_state_ == LeafState::kPresent && leaf_host_) plan.reasons = leaf_host_->reasons;
  plan.turns = turns;
  plan.fast = fast;
  plan.go_on = options_.go_on;
  plan.book = [this, cpu](const Counts& cost) { running_->own().add(cpu, cost); };
  auto calibration = exitledger::calibrate(*ebpf_, plan);
  if (calibration) running_->calibrated(*calibration);
  return calibration;
}

// Before the first verdict of a session. Where no VM can be made there is no leaf either, and no verdict.
void Books::calibrate_first() {
  if (running_->session().calibration) return;
  const auto calibration = calibrate_now(kFastTurns, true);
  if (!calibration) {
    running_->not_calibrated(calibration.error().message());
    say(LogLevel::kWarn, "not calibrated: " + calibration.error().message());
    return;
  }
  const bool agrees = calibration->verdict == Verdict::kAgrees;
  say(agrees ? LogLevel::kInfo : LogLevel::kError,
      fmt::format("calibration: {} exits of each of {} kinds, {}{}{}", kFastTurns, calibration->rows.size(),
                  to_string(calibration->verdict), calibration->why.empty() ? "" : ": ", calibration->why));
}

}  // namespace exitledger
