// SPDX-License-Identifier: MIT
#include "session/third_witness_json.h"

#include <nlohmann/json.hpp>

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kNone = "none";

Json stat_json(const StatVerdict& row) {
  return {{"name", row.name},     {"statistic", row.statistic}, {"counted", row.counted},
          {"passes", row.passes}, {"residual", row.residual},   {"verdict", to_string(row.verdict)},
          {"why", row.why}};
}

Json hypercalls_json(const HypercallBalance& balance) {
  return {{"exits", balance.exits},
          {"kvm_hypercall", balance.kvm},
          {"kvm_hv_hypercall", balance.hyperv},
          {"kvm_xen_hypercall", balance.xen},
          {"reflected", balance.reflected},
          {"residual", balance.residual},
          {"verdict", to_string(balance.verdict)},
          {"why", balance.why}};
}

StatVerdict stat_from(const JsonFields& fields) {
  return {fields.text("name"),      fields.natural("statistic"), fields.natural("counted"),
          fields.natural("passes"), fields.integer("residual"),  named(fields, "verdict", kVerdicts),
          fields.text("why")};
}

HypercallBalance balance_from(const JsonFields& fields) {
  return {fields.natural("exits"),
          fields.natural("kvm_hypercall"),
          fields.natural("kvm_hv_hypercall"),
          fields.natural("kvm_xen_hypercall"),
          fields.natural("reflected"),
          fields.integer("residual"),
          named(fields, "verdict", kVerdicts),
          fields.text("why")};
}

std::uint32_t vcpus(const JsonFields& fields, std::string_view key) {
  return static_cast<std::uint32_t>(fields.natural(key, UINT32_MAX));
}

}  // namespace

Json third_witness_json(const std::optional<ThirdWitness>& third) {
  if (!third) return {{"verdict", kNone}, {"why", ""}};
  Json stats = Json::array();
  for (const StatVerdict& row : third->stats) stats.push_back(stat_json(row));
  return {{"verdict", to_string(third->verdict())},
          {"why", third->why()},
          {"living_vcpus", third->living_vcpus},
          {"dead_vcpus", third->dead_vcpus},
          {"unread_vcpus", third->unread_vcpus},
          {"kvm_stats", std::move(stats)},
          {"hypercalls", hypercalls_json(third->hypercalls)}};
}

std::optional<ThirdWitness> third_witness_from(const JsonFields& fields) {
  const std::string verdict = fields.text("verdict");
  if (verdict == kNone) return std::nullopt;
  ThirdWitness third;
  third.living_vcpus = vcpus(fields, "living_vcpus");
  third.dead_vcpus = vcpus(fields, "dead_vcpus");
  third.unread_vcpus = vcpus(fields, "unread_vcpus");
  fields.each("kvm_stats", [&](const JsonFields& row) { third.stats.push_back(stat_from(row)); });
  third.hypercalls = balance_from(fields.object("hypercalls"));
  if (verdict != to_string(third.verdict())) fields.contradict("verdict", "is not the worst of its rows'");
  return third;
}

}  // namespace exitledger
