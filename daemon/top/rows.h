// SPDX-License-Identifier: MIT
// Two moments of the books -> rows with rates. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/live.h"

namespace exitledger::top {

/// What is shown: `now`, and what went on since `before`.
struct Interval {
  std::shared_ptr<const LiveSample> before;  ///< nullptr: there is none
  std::shared_ptr<const LiveSample> now;     ///< nullptr: nothing is known yet

  /// CLOCK_MONOTONIC of the samples themselves; nullopt where differences mean nothing: no `before`, or one of another
  /// session (its counts began anew).
  [[nodiscard]] std::optional<std::uint64_t> ns() const;
};

/// Both are of one session of one daemon: ids begin anew with a daemon, its start time does not come twice.
[[nodiscard]] bool same_session(const LiveSample& a, const LiveSample& b);

/// A reason, a VM or a vCPU.
struct Row {
  std::string name;                     ///< reason's label, VM's name; any bytes. Of a vCPU its number
  std::optional<std::uint64_t> number;  ///< of the reason, the VM, the vCPU
  std::uint64_t total = 0;              ///< since the session began; of a VM or vCPU since its first exit
  std::optional<std::uint64_t> news;    ///< of the interval; nullopt: not known, for the counter fell or is gone
  std::optional<double> rate;           ///< news per second
  double share = 0;                     ///< total in percent of all rows' totals
  bool gone = false;                    ///< it was in `before`, and is no more: total as it was then

  // Reasons in the host's book.
  std::optional<TimeOut> time;  ///< of the interval: exits entered from again, and their sum
  std::optional<LiveReason::Reading> reading;

  // VMs and vCPUs.
  std::uint32_t pid = 0, vcpus = 0;  ///< of VMs
  std::string busiest;               ///< reason with the most exits of the interval, or of all where that is not known

  /// What stays when it is sorted or renamed.
  [[nodiscard]] std::string key() const { return number ? std::to_string(*number) : name; }
};

/// The host's book.
[[nodiscard]] std::vector<Row> reason_rows(const Interval& interval);
/// VMs, by number. `only`: exits of that reason alone; empty: all.
[[nodiscard]] std::vector<Row> vm_rows(const Interval& interval, const std::string& only = {});
/// Living vCPUs of one VM; empty if it is gone.
[[nodiscard]] std::vector<Row> vcpu_rows(const Interval& interval, std::uint64_t vm, const std::string& only = {});
/// Reasons of one VM, or of one of its vCPUs.
[[nodiscard]] std::vector<Row> reason_rows_of(const Interval& interval, std::uint64_t vm,
                                              std::optional<std::uint32_t> vcpu = {});

/// nullptr if it is not there.
[[nodiscard]] const LiveVm* find_vm(const LiveSample* sample, std::uint64_t vm);

enum class SortBy { kRate, kTotal, kName, kNumber };

/// Most first by rate and total, ascending by name and number; `reversed` turns that. What is not known comes last.
void sort_rows(std::vector<Row>& rows, SortBy by, bool reversed);

/// Sum over rows: exits, and their rate where every row's is known.
struct Sum {
  std::uint64_t total = 0;
  std::optional<double> rate;
};
[[nodiscard]] Sum sum_of(const std::vector<Row>& rows);

}  // namespace exitledger::top
