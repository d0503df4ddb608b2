// SPDX-License-Identifier: MIT
// For the tests running_*.
#pragma once

#include <optional>
#include <utility>

#include "session/running.h"

namespace exitledger {

// A host with one CPU whose books hold CPUID exits alone.
inline ProbeSample sample_of(std::uint64_t cpuids, std::uint64_t read_failed = 0) {
  ProbeSample sample;
  sample.time_ns = 1000;
  sample.counts.at[vmx::kCpuid] = cpuids;
  sample.counts.at[EL_INDEX_ALL] = cpuids;
  sample.losses.cause[EL_LOSS_READ_FAILED] = read_failed;
  return sample;
}

inline Reading reading_of(std::uint64_t ebpf, std::uint64_t leaf, std::uint64_t epoch = 7) {
  Reading reading;
  reading.epoch = epoch;
  reading.cpus = {0};
  for (const Reason reason : {vmx::kCpuid, kReasonAll}) reading.rounds.push_back({0, reason, 0, ebpf, leaf, ebpf, 0});
  return reading;
}

inline Boundary boundary_of(std::uint64_t cpuids) {
  Boundary boundary;
  boundary.serial = 1;
  boundary.time_ns = 500;
  boundary.by_cpu = {sample_of(cpuids).counts};
  return boundary;
}

inline RunningSession::Start start_of(std::optional<Boundary> boundary, std::uint64_t cpuids_now) {
  RunningSession::Start start;
  start.id = "1";
  start.boundary = std::move(boundary);
  start.now = sample_of(cpuids_now);
  start.by_cpu = {start.now.counts};
  return start;
}

inline Verdict accept(RunningSession& session, const Reading& reading, const ProbeSample& after) {
  return session.accept(reading, {after.counts}, after);
}

}  // namespace exitledger
