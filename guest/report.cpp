// SPDX-License-Identifier: MIT
#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace exitledger::guest {
namespace {

using Json = nlohmann::ordered_json;

std::string hex(std::uint64_t number) { return fmt::format("{:#018x}", number); }

Json instance_json(const std::optional<std::uint64_t>& instance) { return instance ? Json(hex(*instance)) : Json(); }

Json rows_json(Vendor vendor, const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows) {
    Json object = {{"number", row.reason}, {"name", reason_label(vendor, row.reason)}, {"exits", row.exits}};
    if (row.cycles) object["cycles"] = *row.cycles;
    list.push_back(std::move(object));
  }
  return list;
}

std::string row_line(Vendor vendor, const Row& row) {
  auto line = fmt::format("{:>6}  {:<26} {:>20}", row.reason, reason_label(vendor, row.reason), row.exits);
  if (row.cycles) line += fmt::format(" {:>20}", *row.cycles);
  return line + "\n";
}

std::string head_line(const Report& report) {
  auto line = report.form == "1" ? std::string("exitledger ABI 1") : fmt::format("published form {}", report.form);
  line += fmt::format(", {}", exitledger::to_string(report.vendor));
  if (report.paging) line += fmt::format(", {}", exitledger::to_string(*report.paging));
  line += fmt::format(", scope {}", report.scope);
  if (report.instance) line += fmt::format(", instance {}", hex(*report.instance));
  return line + "\n";
}

std::vector<std::string> allowed_scopes(const leaf::Flags& flags) {
  std::vector<std::string> names;
  for (const auto& [name, scope] : leaf::kScopes) {
    if (flags.allowed(scope)) names.emplace_back(name);
  }
  return names;
}

std::string_view default_scope(const leaf::Flags& flags) { return flags.default_scope_is_host() ? "host" : "vm"; }

}  // namespace

std::string as_table(const Report& report) {
  const bool cycles = std::ranges::any_of(report.reasons, [](const Row& row) { return row.cycles.has_value(); });
  std::string text = head_line(report);
  text += fmt::format("{:>6}  {:<26} {:>20}{}\n", "number", "reason", "exits",
                      cycles ? fmt::format(" {:>20}", "cycles") : "");
  for (const Row& row : report.reasons) text += row_line(report.vendor, row);
  text += fmt::format("{:>6}  {:<26} {:>20}\n", "", "all", report.total);
  if (!report.others.empty()) text += "not part of the sum:\n";
  for (const Row& row : report.others) text += row_line(report.vendor, row);
  return text;
}

std::string as_json(const Report& report) {
  Json json;
  if (report.form == "1") {
    json["abi"] = 1;
  } else {
    json["form"] = report.form;
  }
  json["vendor"] = exitledger::to_string(report.vendor);
  if (report.paging) json["paging"] = exitledger::to_string(*report.paging);
  json["scope"] = report.scope;
  if (report.instance) json["instance"] = hex(*report.instance);
  json["total"] = report.total;
  json["reasons"] = rows_json(report.vendor, report.reasons);
  if (!report.others.empty()) json["others"] = rows_json(report.vendor, report.others);
  return json.dump() + "\n";
}

std::string as_table(const Abi& abi) {
  const auto instance = [](const auto& number) { return number ? hex(*number) : std::string("refused"); };
  std::string text = fmt::format("ABI version    {}\nflags          {:#010x}\n", abi.version, abi.flags.eax);
  text += fmt::format("vendor         {}\npaging         {}\n", exitledger::to_string(abi.vendor()),
                      exitledger::to_string(abi.paging()));
  text += fmt::format("cycles kept    {}\n", abi.flags.cycles_kept() ? "yes" : "no");
  text += fmt::format("default scope  {}\nscopes allowed {}\n", default_scope(abi.flags),
                      fmt::join(allowed_scopes(abi.flags), " "));
  text += fmt::format("VM instance    {}\nhost instance  {}\n", instance(abi.vm_instance), instance(abi.host_instance));
  text += fmt::format("{} defined reasons:\n", abi.reasons.size());
  for (const Reason reason : abi.reasons) {
    text += fmt::format("{:>6}  {:<26} {}\n", reason, reason_label(abi.vendor(), reason),
                        reason_meaning(abi.vendor(), reason));
  }
  return text;
}

std::string as_json(const Abi& abi) {
  Json json = {{"abi", abi.version},
               {"vendor", exitledger::to_string(abi.vendor())},
               {"paging", exitledger::to_string(abi.paging())},
               {"cycles_kept", abi.flags.cycles_kept()},
               {"default_scope", default_scope(abi.flags)},
               {"scopes", allowed_scopes(abi.flags)},
               {"instances", {{"vm", instance_json(abi.vm_instance)}, {"host", instance_json(abi.host_instance)}}},
               {"reasons", Json::array()}};
  for (const Reason reason : abi.reasons) {
    json["reasons"].push_back({{"number", reason}, {"name", reason_label(abi.vendor(), reason)}});
  }
  return json.dump() + "\n";
}

}  // namespace exitledger::guest
