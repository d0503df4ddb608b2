// SPDX-License-Identifier: MIT
#include "export/live_json.h"

#include <array>
#include <nlohmann/json.hpp>

#include "session/json_fields.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::array kPagings{Paging::kEpt, Paging::kNpt, Paging::kShadow};
constexpr std::array kLeafStates{LeafState::kPresent, LeafState::kAbsent, LeafState::kRefused, LeafState::kFailed};
constexpr std::uint64_t kMost16 = UINT16_MAX;
constexpr std::uint64_t kMost32 = UINT32_MAX;

Json session_json(const std::optional<LiveSession>& session) {
  if (!session) return nullptr;
  Json laws = Json::array();
  for (const std::string& law : session->laws_broken) laws.push_back({{"law", law}});
  return {{"id", session->id},
          {"name", session->name},
          {"vendor", to_string(session->vendor)},
          {"paging", to_string(session->paging)},
          {"started_unix_ns", session->started_unix_ns},
          {"verdict", to_string(session->verdict)},
          {"why", session->why},
          {"laws_broken", std::move(laws)},
          {"third_witness", session->third ? Json(to_string(*session->third)) : Json(nullptr)},
          {"leaf", to_string(session->leaf)},
          {"leaf_detail", session->leaf_detail},
          {"rounds", session->rounds},
          {"read_ns", session->read_ns ? Json(*session->read_ns) : Json(nullptr)},
          {"lost", session->lost},
          {"lost_by_vcpus", session->lost_by_vcpus}};
}

Json reading_json(const std::optional<LiveReason::Reading>& reading) {
  if (!reading) return nullptr;
  return {{"ebpf", reading->ebpf},
          {"leaf", reading->leaf},
          {"own", reading->own},
          {"residual", reading->residual},
          {"verdict", to_string(reading->verdict)}};
}

Json reason_json(const LiveReason& row) {
  return {{"number", row.number ? Json(*row.number) : Json(nullptr)},
          {"name", row.name},
          {"ebpf", row.ebpf},
          {"time", row.time ? Json{{"exits", row.time->exits}, {"sum_ns", row.time->sum_ns}} : Json(nullptr)},
          {"reading", reading_json(row.reading)}};
}

Json vm_json(const LiveVm& vm) {
  Json each = Json::array();
  for (const LiveVcpu& vcpu : vm.each)
    each.push_back({{"vcpu", vcpu.id}, {"born_ns", vcpu.born_ns}, {"exits", Json(vcpu.exits)}});
  return {{"id", vm.id},           {"name", vm.name},   {"uuid", vm.uuid},         {"pid", vm.pid},
          {"born_ns", vm.born_ns}, {"vcpus", vm.vcpus}, {"exits", Json(vm.exits)}, {"each", std::move(each)}};
}

std::optional<LiveSession> read_session(const JsonFields& fields) {
  if (fields.is_null("session")) return std::nullopt;
  const JsonFields from = fields.object("session");
  LiveSession session;
  session.id = from.text("id");
  session.name = from.text("name");
  session.vendor = named(from, "vendor", kVendors);
  session.paging = named(from, "paging", kPagings);
  session.started_unix_ns = from.integer("started_unix_ns");
  session.verdict = named(from, "verdict", kVerdicts);
  session.why = from.text("why");
  from.each("laws_broken", [&](const JsonFields& law) { session.laws_broken.push_back(law.text("law")); });
  if (!from.is_null("third_witness")) session.third = named(from, "third_witness", kVerdicts);
  session.leaf = named(from, "leaf", kLeafStates);
  session.leaf_detail = from.text("leaf_detail");
  session.rounds = from.natural("rounds");
  if (!from.is_null("read_ns")) session.read_ns = from.natural("read_ns");
  session.lost = from.natural("lost");
  session.lost_by_vcpus = from.natural("lost_by_vcpus");
  return session;
}

LiveReason read_reason(const JsonFields& from) {
  LiveReason row;
  row.name = from.text("name");
  if (!from.is_null("number")) row.number = static_cast<Reason>(from.natural("number", kMost16));
  row.ebpf = from.natural("ebpf");
  if (!from.is_null("time")) {
    const JsonFields time = from.object("time");
    row.time = {time.natural("exits"), time.natural("sum_ns")};
  }
  if (!from.is_null("reading")) {
    const JsonFields reading = from.object("reading");
    row.reading = {reading.natural("ebpf"), reading.natural("leaf"), reading.natural("own"),
                   reading.integer("residual"), named(reading, "verdict", kVerdicts)};
  }
  return row;
}

LiveCounts read_counts(const JsonFields& fields) {
  LiveCounts counts;
  fields.each_member("exits",
                     [&](const std::string& name, const JsonFields& from) { counts[name] = from.natural(name); });
  return counts;
}

LiveVm read_vm(const JsonFields& from) {
  LiveVm vm;
  vm.id = from.natural("id");
  vm.name = from.text("name");
  vm.uuid = from.text("uuid");
  vm.pid = static_cast<std::uint32_t>(from.natural("pid", kMost32));
  vm.born_ns = from.natural("born_ns");
  vm.vcpus = static_cast<std::uint32_t>(from.natural("vcpus", kMost32));
  vm.exits = read_counts(from);
  from.each("each", [&](const JsonFields& vcpu) {
    vm.each.push_back(
        {static_cast<std::uint32_t>(vcpu.natural("vcpu", kMost32)), vcpu.natural("born_ns"), read_counts(vcpu)});
  });
  return vm;
}

}  // namespace

Json live_json(const LiveSample& sample) {
  Json reasons = Json::array();
  for (const LiveReason& row : sample.reasons) reasons.push_back(reason_json(row));
  Json vms = Json::array();
  for (const LiveVm& vm : sample.vms) vms.push_back(vm_json(vm));
  return {{"time_ns", sample.time_ns},
          {"unix_ns", sample.unix_ns},
          {"detached_because", sample.detached_because},
          {"session", session_json(sample.session)},
          {"reasons", std::move(reasons)},
          {"vms", std::move(vms)}};
}

Result<LiveSample> live_from_json(const Json& json) {
  JsonErrors errors("read the live books");
  const JsonFields fields(json, "", errors);
  LiveSample sample;
  sample.time_ns = fields.natural("time_ns");
  sample.unix_ns = fields.integer("unix_ns");
  sample.detached_because = fields.text("detached_because");
  sample.session = read_session(fields);
  fields.each("reasons", [&](const JsonFields& row) { sample.reasons.push_back(read_reason(row)); });
  fields.each("vms", [&](const JsonFields& vm) { sample.vms.push_back(read_vm(vm)); });
  if (errors.first()) return tl::unexpected{*errors.first()};
  return sample;
}

}  // namespace exitledger
