// SPDX-License-Identifier: MIT
#include "crosscheck/crosscheck.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace exitledger {
namespace {

constexpr std::size_t kNamedAtMost = 4;  // reasons named per cause; the rest are counted

Place place_of(const Round& round) { return {round.cpu, round.reason}; }

std::string join(const std::vector<std::string>& names) {
  const auto shown = static_cast<std::ptrdiff_t>(std::min(names.size(), kNamedAtMost));
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  if (names.size() > kNamedAtMost) text += fmt::format(" and {} more", names.size() - kNamedAtMost);
  return text;
}

/// "CPUID, HLT: cause; CR_ACCESS: other cause", in the order of the rows.
std::string by_cause(Vendor vendor, const std::map<Reason, ReasonVerdict>& rows, Verdict verdict) {
  std::vector<std::pair<std::string, std::vector<std::string>>> causes;
  for (const auto& entry : rows) {
    const ReasonVerdict& row = entry.second;  // a lambda cannot capture a structured binding in clang 14
    if (row.verdict != verdict) continue;
    auto found = std::find_if(causes.begin(), causes.end(), [&](const auto& cause) { return cause.first == row.why; });
    if (found == causes.end()) found = causes.insert(causes.end(), {row.why, {}});
    found->second.push_back(reason_label(vendor, row.reason));
  }
  std::vector<std::string> clauses;
  clauses.reserve(causes.size());
  for (const auto& [cause, names] : causes) clauses.push_back(join(names) + ": " + cause);
  const auto shown = static_cast<std::ptrdiff_t>(std::min(clauses.size(), kNamedAtMost));
  std::string text = fmt::format("{}", fmt::join(clauses.begin(), clauses.begin() + shown, "; "));
  if (clauses.size() > kNamedAtMost) text += fmt::format("; and {} more", clauses.size() - kNamedAtMost);
  return text;
}

std::uint64_t magnitude(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? 0 - bits : bits;
}

// Residuals of several CPUs: their magnitudes, so that opposite ones do not cancel; negative if all of them are. Sums
// that no host can reach stay at the largest number.
void add_residual(std::int64_t& sum, std::int64_t more) {
  if (more == 0) return;
  const bool negative = sum <= 0 && more < 0;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  sum = static_cast<std::int64_t>(std::min(std::min(magnitude(sum), kMost) + std::min(magnitude(more), kMost), kMost));
  if (negative) sum = -sum;
}

}  // namespace

CrossCheck::CrossCheck(Vendor vendor, const std::vector<Base>& bases) : vendor_(vendor) {
  for (const Base& base : bases) bases_.insert_or_assign({base.cpu, base.reason}, base.ebpf);
}

void CrossCheck::accept(const Reading& reading, std::uint64_t host_losses) {
  losses_ = std::max(losses_, host_losses);
  if (!broken_.empty()) return;
  broken_ = objection_to(reading);
  if (!broken_.empty()) return;

  if (!epoch_) epoch_ = {reading.epoch, reading.paging};
  silent_ = {reading.cpus.begin(), reading.cpus.end()};
  last_ = reading.rounds;
  for (const Round& round : reading.rounds) {
    silent_.erase(round.cpu);
    if (!in_both_books(round.reason)) continue;
    auto [track, added] = tracks_.try_emplace(place_of(round), track_for(round));
    track->second.accept(round, readings_ + 1);
  }
  ++readings_;
}

std::string CrossCheck::objection_to(const Reading& reading) const {
  if (reading.vendor != vendor_)
    return fmt::format("a reading of {} in a session of {}", to_string(reading.vendor), to_string(vendor_));
  if (epoch_ && epoch_->first != reading.epoch) return "the vendor module was loaded anew: another epoch";
  if (epoch_ && epoch_->second != reading.paging) return "the paging mode changed within one epoch";
  std::set<Place> seen;
  for (const Round& round : reading.rounds) {
    if (!in_both_books(round.reason)) continue;
    if (!seen.insert(place_of(round)).second) {
      return fmt::format("{} of CPU {} came twice in one reading", reason_label(vendor_, round.reason), round.cpu);
    }
    if (std::string objection = objection_to(round); !objection.empty()) return objection;
  }
  return {};
}

std::string CrossCheck::objection_to(const Round& round) const {
  const auto found = tracks_.find(place_of(round));
  const Track track = found != tracks_.end() ? found->second : track_for(round);
  if (track.step_to(round) != Track::Step::kFell) return {};
  return fmt::format("a count of {} fell on CPU {}: a reset", reason_label(vendor_, round.reason), round.cpu);
}

Track CrossCheck::track_for(const Round& round) const {
  const Place place = place_of(round);
  const auto base = bases_.find(place);
  if (base == bases_.end()) return {round, readings_ > 0 || !bases_.empty()};
  return Track{Base{place.cpu, place.reason, base->second}};
}

/// What keeps every reason from "agrees"; empty if nothing does.
std::string CrossCheck::obstacle() const {
  if (!broken_.empty()) return broken_;
  if (readings_ == 0) return "no reading yet";
  if (losses_ > 0) return fmt::format("{} event{} lost", losses_, losses_ == 1 ? " was" : "s were");
  if (!silent_.empty()) return fmt::format("CPU {} gave no answer", *silent_.begin());
  if (tracks_.empty()) return "the reading is empty";
  return {};
}

std::map<Reason, ReasonVerdict> CrossCheck::rows() const {
  std::map<Reason, ReasonVerdict> rows;
  for (const auto& [place, track] : tracks_) {
    ReasonVerdict& row =
        rows.try_emplace(place.reason, ReasonVerdict{.reason = place.reason, .verdict = Verdict::kAgrees, .why = {}})
            .first->second;
    const BookSums books = track.since_start();
    row.ebpf += books.ebpf;
    row.leaf += books.leaf;
    row.own += books.own;
    add_residual(row.residual, track.residual());
    const Verdict verdict = track.verdict(readings_, losses_);
    if (verdict == Verdict::kAgrees || verdict < row.verdict) continue;
    if (verdict > row.verdict) row.why.clear();
    row.verdict = verdict;
    if (const std::string why = track.why(readings_, losses_); row.why.find(why) == std::string::npos) {
      row.why += (row.why.empty() ? "" : ", ") + why;
    }
  }
  std::string obstacle = this->obstacle();
  if (obstacle.empty()) return rows;
  for (auto& [reason, row] : rows) {
    if (row.verdict == Verdict::kDisagrees) continue;
    row.verdict = Verdict::kCannotTell;
    row.why = obstacle;
  }
  return rows;
}

std::vector<ReasonVerdict> CrossCheck::reasons() const {
  std::vector<ReasonVerdict> shown;
  std::optional<ReasonVerdict> all;
  for (auto& [reason, row] : rows()) {
    if (reason == kReasonAll) {
      all = row;
    } else if (row.ebpf != 0 || row.leaf != 0 || row.verdict == Verdict::kDisagrees) {
      shown.push_back(row);
    }
  }
  if (all) shown.push_back(*std::move(all));
  return shown;
}

Verdict CrossCheck::verdict() const {
  Verdict verdict = obstacle().empty() ? Verdict::kAgrees : Verdict::kCannotTell;
  for (const auto& [reason, row] : rows()) verdict = worst(verdict, row.verdict);
  return verdict;
}

std::string CrossCheck::why() const {
  const Verdict verdict = this->verdict();
  if (verdict == Verdict::kAgrees) return {};
  std::string obstacle = this->obstacle();
  if (verdict == Verdict::kCannotTell && !obstacle.empty()) return obstacle;
  std::string why = by_cause(vendor_, rows(), verdict);
  if (!obstacle.empty()) why += "; besides, " + obstacle;
  return why;
}

std::vector<Round> CrossCheck::start() const {
  std::vector<Round> start;
  start.reserve(tracks_.size());
  for (const auto& [place, track] : tracks_) {
    const BookSums& books = track.start();
    start.push_back({.cpu = place.cpu,
                     .reason = place.reason,
                     .window = 0,
                     .ebpf_before = books.ebpf,
                     .leaf = books.leaf,
                     .ebpf_after = books.ebpf,
                     .own = books.own});
  }
  return start;
}

}  // namespace exitledger
