// SPDX-License-Identifier: MIT
#include "crosscheck/track.h"

#include <fmt/format.h>

#include <algorithm>

namespace exitledger {
namespace {

constexpr std::int64_t kWrap = std::int64_t{1} << 32;

}  // namespace

Track::Track(const Base& base)
    : cpu_(base.cpu),
      start_{.ebpf = base.ebpf, .leaf = 0, .own = 0},
      newest_{.cpu = base.cpu,
              .reason = base.reason,
              .window = 0,
              .ebpf_before = base.ebpf,
              .leaf = 0,
              .ebpf_after = base.ebpf,
              .own = 0},
      k_(interval_of(newest_)) {}

Track::Track(const Round& first, bool late)
    : cpu_(first.cpu),
      late_(late),
      start_{.ebpf = first.ebpf_before, .leaf = first.leaf, .own = first.own},
      newest_(first) {}

Track::Step Track::step_to(const Round& next) const {
  // A first round that sets K is compared with itself here; so its own order is looked at apart.
  const std::uint64_t ebpf_floor = read_in_ == 0 ? start_.ebpf : newest_.ebpf_after;
  if (next.ebpf_after < next.ebpf_before || next.ebpf_before < ebpf_floor || next.own < newest_.own) return Step::kFell;
  if (next.leaf >= newest_.leaf) return Step::kForward;
  // Within one epoch the leaf never restarts: a shortfall of exactly 2^32 cannot be anything but its width.
  const bool wrapped = k_ && !interval_of(next).shifted(kWrap).intersect(*k_).empty();
  return wrapped ? Step::kWrapped : Step::kFell;
}

void Track::accept(const Round& round, std::uint64_t reading) {
  const bool wrapped = step_to(round) == Step::kWrapped;
  read_in_ = reading;
  exact_ = false;
  first_ = !k_;
  if (wrapped) return contradict(reading, -kWrap, true);
  newest_ = round;

  const Interval seen = interval_of(round);
  const Interval before = k_.value_or(seen);
  const Interval common = before.intersect(seen);
  if (common.empty()) return contradict(reading, seen.deviation_from(before), false);
  residual_ = 0;
  exact_ = !first_ && before.point() && seen.point();
  k_ = common;
}

void Track::contradict(std::uint64_t reading, std::int64_t deviation, bool wrapped) {
  residual_ = deviation;
  if (!contradiction_) contradiction_ = Contradiction{reading, deviation, deviation, deviation, wrapped};
  contradiction_->least = std::min(contradiction_->least, deviation);
  contradiction_->most = std::max(contradiction_->most, deviation);
}

bool Track::can_be_loss(std::uint64_t losses) const {
  return contradiction_ && !contradiction_->wrapped && contradiction_->least > 0 &&
         static_cast<std::uint64_t>(contradiction_->most) <= losses;
}

Verdict Track::verdict(std::uint64_t reading, std::uint64_t losses) const {
  if (contradiction_) return can_be_loss(losses) ? Verdict::kCannotTell : Verdict::kDisagrees;
  if (read_in_ != reading || late_ || own_is_too_large()) return Verdict::kCannotTell;
  return exact_ ? Verdict::kAgrees : Verdict::kWithinBracket;
}

std::string Track::why(std::uint64_t reading, std::uint64_t losses) const {
  if (can_be_loss(losses)) return fmt::format("the eBPF book lost events, which can be what it lacks on CPU {}", cpu_);
  if (contradiction_ && contradiction_->wrapped) {
    return fmt::format("the leaf fell by 2^32 on CPU {} in reading {}: it keeps 32 bits", cpu_,
                       contradiction_->reading);
  }
  if (contradiction_) {
    const std::int64_t deviation = residual_ != 0 ? residual_ : contradiction_->deviation;
    const auto bits = static_cast<std::uint64_t>(deviation);
    const std::uint64_t exits = deviation < 0 ? 0 - bits : bits;
    return fmt::format("the leaf has {} exit{} {} than eBPF on CPU {} since reading {}", exits, exits == 1 ? "" : "s",
                       deviation < 0 ? "fewer" : "more", cpu_, contradiction_->reading);
  }
  if (read_in_ != reading) return fmt::format("CPU {} was not read in the newest reading", cpu_);
  if (late_) return fmt::format("CPU {} was first read after the session began: what it did before is unproven", cpu_);
  if (own_is_too_large()) return fmt::format("the reader claims more exits of its own than CPU {} had", cpu_);
  if (exact_) return {};
  if (first_) return "the first reading sets the relation of the books, the next can prove it";
  return fmt::format("no exact round: counts could move on CPU {} while they were read", cpu_);
}

BookSums Track::since_start() const {
  return {
      .ebpf = newest_.ebpf_before - start_.ebpf, .leaf = newest_.leaf - start_.leaf, .own = newest_.own - start_.own};
}

bool Track::own_is_too_large() const {
  const BookSums books = since_start();
  // At the leaf's instant the eBPF book can hold all that it held after it.
  return books.own > books.leaf || books.own > newest_.ebpf_after - start_.ebpf;
}

}  // namespace exitledger
