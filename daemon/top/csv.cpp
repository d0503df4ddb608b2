// SPDX-License-Identifier: MIT
#include "top/csv.h"

#include <fmt/format.h>

#include "base/escape.h"
#include "base/time_text.h"
#include "top/text.h"

namespace exitledger::top {
namespace {

// What a terminal would act on does not get into a file either.
std::string field(std::string_view bytes) { return csv_text(printable(bytes)); }

template <typename T>
std::string known(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : std::string{};
}

std::string reading_fields(const Row& row, const LiveSession& session) {
  if (!row.reading) return ",,,";
  return fmt::format("{},{},{},{}", row.reading->leaf, row.reading->residual, to_string(row.reading->verdict),
                     known(session.read_ns));
}

std::string line(const std::string& prefix, const std::string& whose, const Row& row, const LiveSession& session) {
  return fmt::format("{},{},{},{},{},{},{},{},{},{}\n", prefix, whose, known(row.number), field(row.name), row.total,
                     known(row.news), row.rate ? fmt::format("{:.3f}", *row.rate) : "",
                     row.time ? std::to_string(row.time->exits) : "", row.time ? std::to_string(row.time->sum_ns) : "",
                     reading_fields(row, session));
}

}  // namespace

CsvLines csv_lines(const Interval& interval, bool per_vm) {
  CsvLines lines;
  if (!interval.now || !interval.now->session) return lines;
  const LiveSample& now = *interval.now;
  const LiveSession& session = *now.session;
  const std::string prefix = fmt::format("{},{},{},{},{},{}", rfc3339(now.unix_ns), now.time_ns, known(interval.ns()),
                                         field(session.id), field(session.name), to_string(session.paging));
  const auto add = [&](const std::string& whose, const std::vector<Row>& rows) {
    for (const Row& row : rows) lines.text += line(prefix, whose, row, session);
    lines.count += rows.size();
  };
  add(",", reason_rows(interval));
  if (per_vm)
    for (const LiveVm& vm : now.vms) add(fmt::format("{},{}", vm.id, field(vm.name)), reason_rows_of(interval, vm.id));
  return lines;
}

}  // namespace exitledger::top
