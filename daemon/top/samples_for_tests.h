// SPDX-License-Identifier: MIT
// Made-up moments of a busy host, for tests.
#pragma once

#include <memory>
#include <string>

#include "model/live.h"
#include "top/rows.h"

namespace exitledger::top {

/// Moment n: a second after moment n - 1. CPUID goes at 50 a second, HLT at 200, EPT_VIOLATION at 10; what is left
/// stands still. Both VMs share them: VM 1, "web-1", has two vCPUs and all of HLT, VM 2 the rest.
inline LiveSample moment(std::uint64_t n, const std::string& session = "3") {
  LiveSample sample;
  sample.time_ns = 100'000'000'000 + n * 1'000'000'000;
  sample.unix_ns = 1'700'000'000'000'000'000 + static_cast<std::int64_t>(n) * 1'000'000'000;
  LiveSession running;
  running.id = session;
  running.name = "nightly";
  running.started_unix_ns = 1'699'999'000'000'000'000 + static_cast<std::int64_t>(std::stoul(session));
  running.verdict = Verdict::kAgrees;
  running.leaf = LeafState::kPresent;
  running.rounds = 2;
  running.read_ns = 96'000'000'000;
  sample.session = running;
  const std::uint64_t cpuid = 1000 + 50 * n, hlt = 5000 + 200 * n, violation = 300 + 10 * n;
  using Reading = LiveReason::Reading;
  sample.reasons = {
      {"EXCEPTION_NMI", vmx::kException, 7, {}, Reading{7, 7, 0, 0, Verdict::kAgrees}},
      {"CPUID", vmx::kCpuid, cpuid, TimeOut{cpuid, cpuid * 1500}, Reading{900, 900, 40, 0, Verdict::kAgrees}},
      {"HLT", vmx::kHlt, hlt, TimeOut{hlt, hlt * 2'000'000}, Reading{4000, 4003, 0, 3, Verdict::kDisagrees}},
      {"EPT_VIOLATION", vmx::kEptViolation, violation, {}, {}},
  };
  LiveVm web{1, "web-1", "u-1", 4242, 50, 2, {}, {}};
  web.each = {{0, 50, {{"HLT", hlt - 1000}}}, {1, 60, {{"CPUID", cpuid - 500}, {"HLT", 1000}}}};
  web.exits = {{"CPUID", cpuid - 500}, {"HLT", hlt}};
  // The name would set a colour, ring, begin a line, and go on for longer than any column.
  LiveVm other{2, "\x1b[31mevil\a\n_and_of_a_very_long_name_indeed", "", 4343, 70, 1, {}, {}};
  other.exits = {{"CPUID", 500}, {"EPT_VIOLATION", violation}};
  other.each = {{0, 70, other.exits}};
  sample.vms = {web, other};
  return sample;
}

inline std::shared_ptr<const LiveSample> shared(LiveSample sample) {
  return std::make_shared<const LiveSample>(std::move(sample));
}

/// From moment n - 1 to moment n.
inline Interval second(std::uint64_t n) { return {shared(moment(n - 1)), shared(moment(n))}; }

inline const Row& row_named(const std::vector<Row>& rows, const std::string& name) {
  for (const Row& row : rows)
    if (row.name == name) return row;
  throw std::out_of_range("no row " + name);
}

}  // namespace exitledger::top
