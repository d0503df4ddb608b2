// SPDX-License-Identifier: MIT
#include "session/leaf_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "model/counts.h"
#include "model/leaf_abi.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Result<Json> leaf_report(const AskLeaf& ask, std::string_view scope_name) {
  const auto scope = leaf::scope_from(scope_name);
  if (!scope) return fail("read the leaf of scope", std::string{scope_name}, "it is default, vcpu, vm, host or cpu");
  const auto host = leaf_host(ask);
  if (!host) return tl::unexpected{host.error()};
  if (!host->flags.allowed(*scope))
    return fail("read the leaf of scope", std::string{scope_name},
                "this KVM refuses it: see the parameter exit_leaf of kvm, and CAP_PERFMON");

  const Vendor vendor = vendor_of(host->flags.vendor());
  const bool cycles = host->flags.cycles_kept();
  std::vector<LeafQuery> queries{{leaf::kInfo, leaf::ecx_of(*scope, 2)}};
  for (const Reason reason : host->reasons) {
    queries.push_back({leaf::kExits, leaf::ecx_of(*scope, reason)});
    if (cycles && !is_pseudo(reason)) queries.push_back({leaf::kCycles, leaf::ecx_of(*scope, reason)});
  }
  queries.push_back(queries.front());  // as in a sweep: a leaf switched off in the middle is no count of 0
  const auto answers = ask(queries);
  if (!answers) return tl::unexpected{answers.error()};

  Json report{{"abi", host->version},
              {"vendor", to_string(vendor)},
              {"paging", to_string(static_cast<Paging>(host->flags.paging()))},
              {"scope", scope_name}};
  for (const auto& [name, each] : leaf::kScopes)
    if (host->flags.allowed(each)) report["scopes_allowed"].push_back(name);
  report["cycles_kept"] = cycles;
  Json rows = Json::array();
  for (const LeafAnswer& answer : *answers) {
    if (leaf::refused(answer.registers)) continue;
    const auto reason = static_cast<Reason>(answer.query.ecx & 0xFFFF);
    if (answer.query.eax == leaf::kInfo)
      report["instance"] =
          fmt::format("{:#018x}", static_cast<std::uint64_t>(answer.registers.ebx) << 32 | answer.registers.eax);
    else if (answer.query.eax == leaf::kCycles)
      rows.back()["cycles"] = leaf::cycles_in(answer.registers);
    else if (reason == kReasonAll)
      report["total"] = leaf::exits_in(answer.registers);
    else
      rows.push_back(
          {{"number", reason}, {"name", reason_label(vendor, reason)}, {"exits", leaf::exits_in(answer.registers)}});
  }
  report["reasons"] = std::move(rows);
  return report;
}

}  // namespace exitledger
