// SPDX-License-Identifier: MIT
// One interval as CSV (RFC 4180, lines end with LF). Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "top/rows.h"

namespace exitledger::top {

/// Column names, with the line's end. Figures that are not known are empty fields, never 0.
inline constexpr std::string_view kCsvHeader =
    "time,monotonic_ns,interval_ns,session,session_name,paging,vm,vm_name,number,reason,exits,new,per_second,"
    "timed_exits,time_out_ns,leaf,residual,verdict,leaf_read_ns\n";

struct CsvLines {
  std::string text;
  std::size_t count = 0;
};

/// A line per reason of the host (vm and vm_name empty) and, `per_vm`, per VM and reason. Empty without a session.
[[nodiscard]] CsvLines csv_lines(const Interval& interval, bool per_vm);

}  // namespace exitledger::top
