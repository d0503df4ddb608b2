// SPDX-License-Identifier: MIT
#include "export/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "export/api_parts.h"
#include "export/live.h"
#include "export/live_json.h"
#include "session/calibration_json.h"
#include "session/leaf_report.h"
#include "session/session_json.h"
#include "version.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
using api::error;
using api::number;

Json counts_json(Vendor vendor, const Counts& counts) {
  Json rows = Json::array();
  for (unsigned index = 0; index < counts.at.size(); ++index) {
    const auto reason = reason_at(vendor, index);
    if (!reason || counts.at[index] == 0 || is_pseudo(*reason)) continue;
    rows.push_back({{"number", *reason}, {"name", reason_label(vendor, *reason)}, {"ebpf", counts.at[index]}});
  }
  return rows;
}

std::uint64_t told_exits(const el_answer& answer) {
  const leaf::Registers registers{answer.eax, answer.ebx, answer.ecx, answer.edx};
  return answer.function == leaf::kTotal ? leaf::total_in(registers) : leaf::exits_in(registers);
}

Json answer_json(const el_answer& answer) {
  return {{"serial", answer.serial},
          {"vm", answer.vm_id},
          {"cpu", answer.cpu},
          {"function", answer.function},
          {"scope", answer.index >> 16},
          {"reason", answer.index & 0xFFFF},
          {"registers", {answer.eax, answer.ebx, answer.ecx, answer.edx}},
          {"leaf", told_exits(answer)},
          {"ebpf_vcpu", answer.vcpu_count},
          {"ebpf_cpu", answer.cpu_count},
          {"vcpu", answer.vcpu_id},
          {"time_ns", answer.time_ns},
          {"constant", static_cast<std::int64_t>(answer.constant)},
          {"least", answer.least},
          {"most", answer.most},
          {"judged", told_label(static_cast<el_told>(answer.told))},
          {"tied", answer.slot != EL_NO_SLOT}};
}

Json answers_json(const std::vector<el_answer>& answers) {
  Json rows = Json::array();
  for (const el_answer& answer : answers) rows.push_back(answer_json(answer));
  return rows;
}

Json other_vendor_json(OtherVendor& other) {
  Json body{{"module", other.name()}, {"counted", *other.up()}, {"why", other.why()}, {"exits", nullptr}};
  if (const auto sample = other.sample()) {
    body["exits"] = sample->other;
    for (const PlainExits& row : sample->exits) body["exits"] = body["exits"].get<std::uint64_t>() + row.count;
  }
  return body;
}

}  // namespace

std::string unsettled_because(Books& books) {
  if (!books.attached()) return books.modules().kvm ? books.detached_because() : "";
  if (!books.modules().vendor) return "";
  const std::vector<Session> sessions = books.sessions();
  if (sessions.empty() || !sessions.back().running()) return "no session was begun yet";
  return sessions.back().rounds == 0 && books.leaf_state() == LeafState::kPresent ? "the leaf was not read yet" : "";
}

std::span<const ApiRoute> Api::routes() {
  static constexpr std::array<ApiRoute, 13> kRoutes{{{"GET", "/api/v1/status", &Api::status},
                                                     {"GET", "/api/v1/sessions", &Api::sessions},
                                                     {"POST", "/api/v1/sessions/name", &Api::name_session},
                                                     {"POST", "/api/v1/sessions/delete", &Api::delete_session},
                                                     {"POST", "/api/v1/record/begin", &Api::begin_recording},
                                                     {"POST", "/api/v1/record/end", &Api::end_recording},
                                                     {"GET", "/api/v1/vms", &Api::vms},
                                                     {"GET", "/api/v1/live", &Api::live},
                                                     {"GET", "/api/v1/answers", &Api::answers},
                                                     {"POST", "/api/v1/check", &Api::check},
                                                     {"POST", "/api/v1/calibrate", &Api::calibrate},
                                                     {"POST", "/api/v1/leaf", &Api::leaf},
                                                     {"POST", "/api/v1/hold", &Api::hold}}};
  return kRoutes;
}

ApiAnswer Api::call(const std::string& method, const std::string& path, const ApiParameters& parameters) {
  const auto all = routes();
  const auto route = std::find_if(all.begin(), all.end(), [&](const ApiRoute& r) { return r.path == path; });
  if (route == all.end()) return error(404, path + ": there is no such resource");
  if (route->method != method) return error(405, fmt::format("{} takes {}", path, route->method));
  return (this->*route->handler)(parameters);
}

ApiAnswer Api::status(const ApiParameters& /*none*/) {
  static_cast<void>(books_.sample());
  Json body{{"version", kVersion}, {"ready", unsettled_because(books_).empty()}, {"attached", books_.attached()}};
  if (!books_.attached()) body["detached_because"] = books_.detached_because();
  body["death_hook"] = books_.death_hook();
  const ModuleState& modules = books_.modules();
  body["kvm"] = modules.kvm;
  body["vendor"] = modules.vendor ? Json(module_name(*modules.vendor)) : Json(nullptr);
  body["paging"] = modules.paging ? Json(to_string(*modules.paging)) : Json(nullptr);
  if (!modules.other.empty()) body["other_vendor"] = other_vendor_json(books_.other_vendor());
  body["leaf"] = {{"state", to_string(books_.leaf_state())}, {"detail", books_.leaf_detail()}};
  const std::vector<Session> sessions = books_.sessions();
  const bool running = !sessions.empty() && sessions.back().running();
  body["session"] = running ? Json(sessions.back().id) : Json(nullptr);
  body["recording"] = {{"to", recorder_ == nullptr ? "" : recorder_->store().path().string()},
                       {"failed_because", recorder_ == nullptr ? "" : recorder_->broken_because()}};
  body["exits"] = running ? Json(sessions.back().ebpf.all()) : Json(nullptr);
  return {200, body};
}

ApiAnswer Api::vms(const ApiParameters& /*none*/) {
  const auto sample = books_.sample();
  Json rows = Json::array();
  const Vendor vendor = books_.modules().vendor.value_or(Vendor::kVmx);
  if (sample)
    for (const VmSample& vm : sample->vms)
      rows.push_back({{"id", vm.id},
                      {"pid", vm.tgid},
                      {"vcpus", vm.vcpus},
                      {"own", vm.own},
                      {"exits", vm.counts.all()},
                      {"reasons", counts_json(vendor, vm.counts)}});
  return {200, Json{{"vms", rows},
                    {"slots_used", sample ? Json(sample->slots_used) : Json(nullptr)},
                    {"slots_limit", sample ? Json(sample->slots_limit) : Json(nullptr)},
                    {"losses", sample ? Json(sample->losses.total()) : Json(nullptr)}}};
}

ApiAnswer Api::live(const ApiParameters& /*none*/) { return {200, live_json(live_sample(books_))}; }

ApiAnswer Api::answers(const ApiParameters& /*none*/) {
  const auto sample = books_.sample();
  if (!sample) return error(503, books_.detached_because());
  Json judged = Json::object();
  for (unsigned told = 0; told < EL_TOLD_COUNT; ++told)
    judged[std::string{told_label(static_cast<el_told>(told))}] = sample->judged[told];
  return {200, Json{{"vendor", to_string(books_.modules().vendor.value_or(Vendor::kVmx))},
                    {"judged", std::move(judged)},
                    {"losses", sample->losses.of_vcpu_books()},
                    {"different", answers_json(books_.different_answers())},
                    {"answers", answers_json(books_.guest_answers())}}};
}

ApiAnswer Api::check(const ApiParameters& parameters) {
  const auto rounds = number(parameters, "rounds", 0, 1, 100);
  if (!rounds) return error(400, rounds.error().message());
  const auto session = books_.judge(*rounds);
  if (!session) return error(503, session.error().message());
  return {200, to_json(*session)};
}

ApiAnswer Api::calibrate(const ApiParameters& parameters) {
  const auto count = number(parameters, "count", kCalibrationCount, 1, kMostCalibrationCount);
  if (!count) return error(400, count.error().message());
  const auto calibration = books_.calibrate(*count);
  if (!calibration) return error(503, calibration.error().message());
  return {200, calibration_json(*calibration)};
}

ApiAnswer Api::leaf(const ApiParameters& parameters) {
  const auto scope = parameters.find("scope");
  const auto report = leaf_report([this](std::span<const LeafQuery> queries) { return books_.ask(queries); },
                                  scope == parameters.end() ? "host" : scope->second);
  if (!report) return error(503, report.error().message());
  return {200, *report};
}

ApiAnswer Api::hold(const ApiParameters& parameters) {
  const auto seconds = number(parameters, "seconds", 60, 0, 3600);
  if (!seconds) return error(400, seconds.error().message());
  books_.hold(std::chrono::seconds{*seconds});
  return {200, Json{{"held_s", *seconds}}};
}

}  // namespace exitledger
