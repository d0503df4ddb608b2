// SPDX-License-Identifier: MIT
#include "session/run_json.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kOther = EL_HYPERCALLS - 1;

std::uint32_t natural32(const JsonFields& fields, std::string_view key) {
  return static_cast<std::uint32_t>(fields.natural(key, kMost32));
}

}  // namespace

Json run_json(const std::optional<RecordedRun>& run) {
  if (!run) return nullptr;
  return {{"command", run->command},
          {"experiment", run->experiment},
          {"mode", run->mode},
          {"number", run->number},
          {"status", run->status ? Json(*run->status) : Json(nullptr)},
          {"cut_short", run->cut_short}};
}

Json hypercalls_json(const Hypercalls& hypercalls) {
  Json kvm = Json::array();
  for (unsigned nr = 0; nr < kOther; ++nr)
    if (hypercalls.nr.at(nr) > 0)
      kvm.push_back({{"nr", nr}, {"name", hypercall_label(nr)}, {"count", hypercalls.nr.at(nr)}});
  return {{"kvm", std::move(kvm)},
          {"other", hypercalls.nr.at(kOther)},
          {"kvm_hv", hypercalls.hyperv},
          {"kvm_xen", hypercalls.xen},
          {"reflected", hypercalls.reflected},
          {"reflected_hypercall", hypercalls.reflected_hypercall}};
}

Json mmu_json(const std::optional<MmuStats>& mmu) { return mmu ? Json(*mmu) : Json(nullptr); }

Json times_out_json(Vendor vendor, const std::optional<TimesOut>& times) {
  if (!times) return nullptr;
  Json rows = Json::array();
  for (const auto& [reason, time] : *times)
    rows.push_back({{"number", reason},
                    {"name", reason_label(vendor, reason)},
                    {"exits", time.exits},
                    {"sum_ns", time.sum_ns},
                    {"user_ns", time.away ? Json(time.away->user_ns) : Json(nullptr)},
                    {"scheduled_out_ns", time.away ? Json(time.away->scheduled_out_ns) : Json(nullptr)}});
  return rows;
}

Json vms_json(const std::vector<SessionVm>& vms) {
  Json rows = Json::array();
  for (const SessionVm& vm : vms)
    rows.push_back({{"name", vm.name}, {"uuid", vm.uuid}, {"pid", vm.pid}, {"vcpus", vm.vcpus}, {"exits", vm.exits}});
  return rows;
}

std::optional<RecordedRun> run_from(const JsonFields& fields, std::string_view key) {
  if (fields.is_null(key)) return std::nullopt;
  const JsonFields run = fields.object(key);
  RecordedRun read;
  read.command = run.text("command");
  read.experiment = run.text("experiment");
  read.mode = run.text("mode");
  read.number = natural32(run, "number");
  if (!run.is_null("status")) read.status = static_cast<int>(run.natural("status", UINT8_MAX));
  read.cut_short = run.flag("cut_short");
  return read;
}

Hypercalls hypercalls_from(const JsonFields& fields) {
  Hypercalls read;
  fields.each("kvm", [&](const JsonFields& row) { read.nr.at(row.natural("nr", kOther - 1)) = row.natural("count"); });
  read.nr.at(kOther) = fields.natural("other");
  read.hyperv = fields.natural("kvm_hv");
  read.xen = fields.natural("kvm_xen");
  read.reflected = fields.natural("reflected");
  read.reflected_hypercall = fields.natural("reflected_hypercall");
  return read;
}

std::optional<MmuStats> mmu_from(const JsonFields& fields, std::string_view key) {
  if (fields.is_null(key)) return std::nullopt;
  MmuStats read;
  fields.each_member(key, [&](const std::string& name, const JsonFields& stats) { read[name] = stats.integer(name); });
  return read;
}

std::optional<TimesOut> times_out_from(const JsonFields& fields, std::string_view key) {
  if (fields.is_null(key)) return std::nullopt;
  TimesOut read;
  fields.each(key, [&](const JsonFields& row) {
    const auto reason = static_cast<Reason>(row.natural("number", std::numeric_limits<Reason>::max()));
    TimeOut& time = read[reason] = {row.natural("exits"), row.natural("sum_ns")};
    if (!row.is_null("user_ns")) time.away = {row.natural("user_ns"), row.natural("scheduled_out_ns")};
  });
  return read;
}

std::vector<SessionVm> vms_from(const JsonFields& fields, std::string_view key) {
  std::vector<SessionVm> read;
  fields.each(key, [&](const JsonFields& row) {
    read.push_back(
        {row.text("name"), row.text("uuid"), natural32(row, "pid"), natural32(row, "vcpus"), row.natural("exits")});
  });
  return read;
}

}  // namespace exitledger
