// SPDX-License-Identifier: MIT
// What a calibration found: exits caused on purpose, in known numbers, and what each witness counted of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/exit_reason.h"
#include "model/paging.h"
#include "model/verdict.h"

namespace exitledger {

/// Exits of each kind that a calibration makes: primes, so that no sum of other things looks like one.
inline constexpr std::uint32_t kCalibrationCount = 211;
inline constexpr std::uint32_t kMostCalibrationCount = 1'000'000;

/// One reason, net of what every row costs besides (its questions to the leaf, its end).
struct CalibratedReason {
  Reason reason = 0;
  std::optional<std::uint64_t> expected;  ///< nullopt: only the witnesses must be equal
  std::uint64_t ebpf = 0;
  std::optional<std::uint64_t> leaf;  ///< nullopt: the leaf is absent
  Verdict verdict = Verdict::kAgrees;
  std::string why;  ///< one clause when the verdict is not kAgrees
};

/// One of KVM's own statistics.
struct CalibratedStat {
  std::string name;
  std::uint64_t expected = 0;
  std::uint64_t value = 0;
  [[nodiscard]] bool right() const { return expected == value; }
};

struct CalibratedRow {
  std::string name;
  std::string meaning;                    ///< why this many exits
  std::uint64_t turns = 0;                ///< how often the guest did it
  std::vector<CalibratedReason> reasons;  ///< expected ones and any other that was counted, ascending
  std::vector<CalibratedStat> stats;      ///< empty: KVM has no such interface
  Verdict verdict = Verdict::kAgrees;
  std::string why;
};

struct Calibration {
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  std::vector<CalibratedRow> rows;
  Verdict verdict = Verdict::kCannotTell;  ///< the worst of the rows'; kCannotTell without rows
  std::string why;                         ///< of the first row that decided it; empty if they agree
};

/// Per reason over all rows, ascending; `expected` where every row that names the reason has a number for it.
[[nodiscard]] std::vector<CalibratedReason> reasons_of(const Calibration& calibration);
/// Per statistic over all rows, in order of first appearance.
[[nodiscard]] std::vector<CalibratedStat> stats_of(const Calibration& calibration);

/// Adds a row and lets it weigh on the verdict of the whole.
void add_row(Calibration& calibration, CalibratedRow row);

}  // namespace exitledger
