// SPDX-License-Identifier: MIT
// The two books of one CPU and reason, followed through a session.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "crosscheck/interval.h"
#include "model/reading.h"
#include "model/verdict.h"

namespace exitledger {

/// Counts of one CPU and reason at one instant, or since one.
struct BookSums {
  std::uint64_t ebpf = 0, leaf = 0, own = 0;
};

/// Follows one CPU and reason. Rounds come in order of time; the caller numbers the readings from 1.
class Track {
 public:
  /// What a new round does to the counts before it.
  enum class Step : std::uint8_t {
    kForward,  ///< every count stayed or grew
    kWrapped,  ///< the leaf fell by exactly 2^32 against the eBPF book: it keeps 32 bits, whatever it claims
    kFell,     ///< a count fell otherwise: reset
  };

  /// The books' relation at the session's start is known: K before any round; `own` counts from there.
  explicit Track(const Base& base);
  /// It is not: the first round accepted sets K and the zero point. `late`: the session had begun before that round, so
  /// what happened here in between is in no sum.
  Track(const Round& first, bool late);

  /// The step to `next`; changes nothing.
  [[nodiscard]] Step step_to(const Round& next) const;

  /// Takes a round to which the step is not kFell. After a wrap the counts stay at the round before it.
  void accept(const Round& round, std::uint64_t reading);

  /// As of reading number `reading`: kCannotTell if that did not hold this track, or if the leaf's surplus can be the
  /// `losses` of the eBPF book.
  [[nodiscard]] Verdict verdict(std::uint64_t reading, std::uint64_t losses) const;
  /// One clause for a verdict that is not kAgrees, naming the CPU; empty otherwise.
  [[nodiscard]] std::string why(std::uint64_t reading, std::uint64_t losses) const;

  /// Counts at the newest round, relative to the start. For a round that is no point, eBPF as read before the leaf.
  [[nodiscard]] BookSums since_start() const;
  /// Counts at the session's start.
  [[nodiscard]] const BookSums& start() const { return start_; }
  /// How far the newest round lies from K as it stood before any contradiction: 0 when the books balance.
  [[nodiscard]] std::int64_t residual() const { return residual_; }

 private:
  struct Contradiction {
    std::uint64_t reading = 0;         ///< the first that contradicted
    std::int64_t deviation = 0;        ///< its
    std::int64_t least = 0, most = 0;  ///< of all that contradicted
    bool wrapped = false;
  };
  void contradict(std::uint64_t reading, std::int64_t deviation, bool wrapped);
  [[nodiscard]] bool own_is_too_large() const;
  [[nodiscard]] bool can_be_loss(std::uint64_t losses) const;

  std::uint32_t cpu_;
  bool late_ = false;
  BookSums start_;
  Round newest_;               // zero point before the first round
  std::optional<Interval> k_;  // what all rounds before a contradiction leave possible
  std::uint64_t read_in_ = 0;  // newest reading that held this track
  bool first_ = true;          // the newest round set K
  bool exact_ = false;         // the newest round was a point, equal to a K that was one
  std::int64_t residual_ = 0;
  std::optional<Contradiction> contradiction_;
};

}  // namespace exitledger
