// SPDX-License-Identifier: MIT
// Sessions as a host leaves them, for tests: recorded by RunningSession from books that were written exit by exit, so
// that rounds, rows, book, KVM's statistics and times are of one piece.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "session/running.h"

namespace exitledger {

/// Books of a host in which nothing is lost, and a session that watches it.
class RecordedHost {
 public:
  struct What {
    Vendor vendor = Vendor::kVmx;
    Paging paging = Paging::kEpt;
    bool at_load = true;  ///< the session begins with the module's load
    std::uint32_t cpus = 2;
    std::uint32_t seed = 1;
  };
  explicit RecordedHost(const What& what);

  /// Exits of guests, some hundreds or thousands of each of `reasons` on each CPU.
  void guests_run(const std::vector<Reason>& reasons);
  /// Of one reason on one CPU, in both books.
  void exits(std::uint32_t cpu, Reason reason, std::uint64_t count);
  /// Only the leaf counts: a fault.
  void leaf_alone(std::uint32_t cpu, Reason reason, std::uint64_t count) { leaf_[{cpu, reason}] += count; }
  /// A reading of every CPU, KVM's statistics before and after it.
  void read();
  /// The same without these CPUs.
  void read_without(std::uint32_t cpu);
  void lose(std::uint64_t events) { losses_.cause[EL_LOSS_NO_CPU] += events; }
  [[nodiscard]] RunningSession& session() { return *session_; }

  /// The session now, with facts beside the books.
  [[nodiscard]] Session now();
  /// The same, ended with the module.
  [[nodiscard]] Session ended();
  /// Ended at its newest reading, as a recording is: the book is that of its rounds.
  [[nodiscard]] Session cut();

 private:
  [[nodiscard]] ProbeSample sample() const;
  [[nodiscard]] Reading reading(std::uint32_t without);
  [[nodiscard]] RunningSession::StatsLook look() const;
  void own_exit(std::uint32_t cpu);
  void beside(Session& session);

  What what_;
  std::mt19937_64 random_;
  std::vector<Counts> book_;             ///< eBPF, per CPU, since the attach
  Counts base_;                          ///< all of it when the session began
  std::map<Place, std::uint64_t> leaf_;  ///< since the load
  std::map<Place, std::uint64_t> own_;   ///< since the session began
  std::map<Place, TimeRound> times_;
  Hypercalls hypercalls_;
  Losses losses_;
  std::uint64_t passes_ = 0;
  std::uint64_t now_ns_ = 1'000'000'000;
  std::optional<Reading> newest_;
  ProbeSample after_;  ///< of the newest reading
  std::optional<RunningSession> session_;
};

/// What a Linux guest does, with hypercalls and a bus lock among it.
[[nodiscard]] std::vector<Reason> usual_reasons(Vendor vendor, Paging paging);

/// Three readings, ended, with exits after the last one.
[[nodiscard]] Session recorded_session(const RecordedHost::What& what);

}  // namespace exitledger
