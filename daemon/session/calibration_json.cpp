// SPDX-License-Identifier: MIT
#include "session/calibration_json.h"

#include <nlohmann/json.hpp>

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(const std::optional<std::uint64_t>& number) { return number ? Json(*number) : Json(nullptr); }

Json reasons_json(Vendor vendor, const std::vector<CalibratedReason>& reasons) {
  Json rows = Json::array();
  for (const CalibratedReason& reason : reasons)
    rows.push_back({{"number", reason.reason},
                    {"name", reason_label(vendor, reason.reason)},
                    {"kind", reason.expected ? "exact" : "witnesses"},
                    {"expected", number_or_null(reason.expected)},
                    {"ebpf", reason.ebpf},
                    {"leaf", number_or_null(reason.leaf)},
                    {"verdict", to_string(reason.verdict)},
                    {"why", reason.why}});
  return rows;
}

Json stats_json(const std::vector<CalibratedStat>& stats) {
  Json rows = Json::array();
  for (const CalibratedStat& stat : stats)
    rows.push_back({{"name", stat.name}, {"expected", stat.expected}, {"value", stat.value}});
  return rows;
}

}  // namespace

Json calibration_json(const Calibration& calibration) {
  Json rows = Json::array();
  for (const CalibratedRow& row : calibration.rows)
    rows.push_back({{"name", row.name},
                    {"meaning", row.meaning},
                    {"turns", row.turns},
                    {"verdict", to_string(row.verdict)},
                    {"why", row.why},
                    {"reasons", reasons_json(calibration.vendor, row.reasons)},
                    {"kvm_stats", stats_json(row.stats)}});
  return {{"vendor", to_string(calibration.vendor)},
          {"paging", to_string(calibration.paging)},
          {"verdict", to_string(calibration.verdict)},
          {"why", calibration.why},
          {"reasons", reasons_json(calibration.vendor, reasons_of(calibration))},
          {"kvm_stats", stats_json(stats_of(calibration))},
          {"rows", std::move(rows)}};
}

}  // namespace exitledger
