// SPDX-License-Identifier: MIT
#include "top/once.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "top/page.h"
#include "top/table.h"
#include "top/text.h"

namespace exitledger::top {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kColumns = 100;

std::string without_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

void add_table(std::string& text, TableKind kind, std::vector<Row> rows) {
  if (rows.empty()) return;
  sort_rows(rows, SortBy::kRate, false);
  text += "\n" + without_blanks(header_line(kind, {}, kColumns));
  for (const Row& row : rows) text += without_blanks(row_line(kind, row, kColumns));
}

template <typename T>
Json json_of(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json session_json(const LiveSession& session) {
  return {{"id", session.id},
          {"name", session.name},
          {"vendor", to_string(session.vendor)},
          {"paging", to_string(session.paging)},
          {"verdict", to_string(session.verdict)},
          {"why", session.why},
          {"laws_broken", Json(session.laws_broken)},
          {"leaf", to_string(session.leaf)},
          {"leaf_read_ns", json_of(session.read_ns)},
          {"lost", session.lost},
          {"lost_by_vcpus", session.lost_by_vcpus}};
}

Json counts_json(const Row& row) {
  return {{"before", row.news ? Json(row.total - *row.news) : Json(nullptr)},
          {"exits", row.total},
          {"new", json_of(row.news)},
          {"per_second", json_of(row.rate)}};
}

Json reading_json(const std::optional<LiveReason::Reading>& reading) {
  if (!reading) return nullptr;
  return {{"ebpf", reading->ebpf},
          {"leaf", reading->leaf},
          {"own", reading->own},
          {"residual", reading->residual},
          {"verdict", to_string(reading->verdict)}};
}

Json reasons_json(const std::vector<Row>& rows, bool host) {
  Json list = Json::array();
  for (const Row& row : rows) {
    Json json{{"number", json_of(row.number)}, {"name", row.name}};
    json.update(counts_json(row));
    if (host) {
      json["timed_exits"] = row.time ? Json(row.time->exits) : Json(nullptr);
      json["time_out_ns"] = row.time ? Json(row.time->sum_ns) : Json(nullptr);
      json["reading"] = reading_json(row.reading);
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json vm_json(const Interval& interval, const Row& row) {
  const LiveVm& vm = *find_vm(interval.now.get(), *row.number);
  Json json{{"vm", vm.id}, {"name", vm.name}, {"uuid", vm.uuid}, {"pid", vm.pid}, {"vcpus", vm.vcpus}};
  json.update(counts_json(row));
  json["reasons"] = reasons_json(reason_rows_of(interval, vm.id), false);
  json["each"] = Json::array();
  for (const Row& vcpu : vcpu_rows(interval, vm.id)) {
    if (vcpu.gone) continue;
    Json each{{"vcpu", *vcpu.number}};
    each.update(counts_json(vcpu));
    each["reasons"] = reasons_json(reason_rows_of(interval, vm.id, static_cast<std::uint32_t>(*vcpu.number)), false);
    json["each"].push_back(std::move(each));
  }
  return json;
}

}  // namespace

std::string once_text(const Interval& interval) {
  std::string text;
  for (const Line& line : summary(interval)) text += without_blanks(fitted(line.text, kColumns));
  add_table(text, TableKind::kHostReasons, reason_rows(interval));
  add_table(text, TableKind::kVms, vm_rows(interval));
  return text;
}

Json once_json(const Interval& interval) {
  const LiveSample& now = *interval.now;
  Json vms = Json::array();
  for (const Row& row : vm_rows(interval))
    if (!row.gone) vms.push_back(vm_json(interval, row));
  return {{"time", rfc3339(now.unix_ns)},
          {"monotonic_ns", now.time_ns},
          {"interval_ns", json_of(interval.ns())},
          {"session", now.session ? session_json(*now.session) : Json(nullptr)},
          {"reasons", reasons_json(reason_rows(interval), true)},
          {"vms", std::move(vms)}};
}

}  // namespace exitledger::top
