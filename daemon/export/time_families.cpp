// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <string>

#include "export/family_groups.h"
#include "model/units.h"

namespace exitledger {
namespace {

double seconds(std::int64_t ns) { return static_cast<double>(ns) / kNsPerSecond<double>; }

// How far the difference lies beyond its bounds: 0 within them.
std::int64_t residual_ns(const TimeRow& row) {
  return row.difference_ns - std::clamp(row.difference_ns, row.least_ns, row.most_ns);
}

void append_sessions_time(const ExportSnapshot& snapshot, Families& out) {
  FamilyBuilder<family::kEbpfSeconds> ebpf;
  FamilyBuilder<family::kLeafSeconds> leaf;
  FamilyBuilder<family::kTimeResidual> residual;
  for (const Session& session : snapshot.sessions) {
    for (const TimeRow& row : session.time.reasons) {
      const std::string reason = reason_label(session.vendor, row.reason);
      ebpf.add(seconds(row.ebpf_ns), session.id, reason);
      leaf.add(seconds(row.leaf_ns), session.id, reason);
      if (row.verdict != TimeVerdict::kCannotTell) residual.add(seconds(residual_ns(row)), session.id, reason);
    }
  }
  std::move(ebpf).append_to(out);
  std::move(leaf).append_to(out);
  std::move(residual).append_to(out);
}

}  // namespace

void append_time(const ExportSnapshot& snapshot, Families& out) {
  FamilyBuilder<family::kLeafCycles> cycles;
  for (const auto& [mode, books] : snapshot.books)
    for (const auto& [reason, count] : books.leaf_cycles)
      cycles.add(count, to_string(mode), reason_label(books.vendor, reason));
  std::move(cycles).append_to(out);

  FamilyBuilder<family::kTscRate> rate;
  const auto newest = std::find_if(snapshot.sessions.rbegin(), snapshot.sessions.rend(),
                                   [](const Session& session) { return session.time.rate_hz != 0; });
  if (newest != snapshot.sessions.rend()) rate.add(newest->time.rate_hz);
  std::move(rate).append_to(out);

  append_sessions_time(snapshot, out);

  // All verdicts once there is one: an alert on the first "beyond bound" needs the 0 before it.
  FamilyBuilder<family::kTimeReadings> readings;
  for (const TimeVerdict verdict : kTimeVerdicts) {
    if (snapshot.readings_of_time.empty()) break;
    const auto found = snapshot.readings_of_time.find(verdict);
    readings.add(found == snapshot.readings_of_time.end() ? 0 : found->second, to_string(verdict));
  }
  std::move(readings).append_to(out);
}

}  // namespace exitledger
