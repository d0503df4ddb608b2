// SPDX-License-Identifier: MIT
#include "cli/experiment_plan.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "experiment/vendor_module.h"
#include "store/store.h"
#include "witness/module.h"

namespace exitledger::cli {
namespace {

Result<void> check_modes(const std::vector<std::string>& modes) {
  std::set<std::string> seen;
  for (const std::string& mode : modes)
    if (!seen.insert(mode).second)
      return fail("plan", "--modes", fmt::format("{} comes twice: --repeat says how often each mode is run", mode));
  return {};
}

Result<Parameters> asked_for(const std::vector<std::string>& words) {
  Parameters parameters;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    const auto refuse = [&](const std::string& why) { return fail("plan", "--parameter " + word, why); };
    if (equals == 0 || equals == std::string::npos) return refuse("it takes NAME=VALUE, as vpid=0");
    const std::string name = word.substr(0, equals);
    if (name == paging_parameter(Vendor::kVmx) || name == paging_parameter(Vendor::kSvm))
      return refuse("that is the paging mode, which --modes says");
    if (!parameters.emplace(name, word.substr(equals + 1)).second) return refuse(name + " comes twice");
  }
  return parameters;
}

// Those of the runs are longer.
Result<void> check_names_of(const ExperimentPlan& plan) {
  if (auto right = check_session_name(plan.name); !right) return right;
  for (const PlannedRun& run : plan.runs)
    if (const std::string name = plan.name_of(run); !check_session_name(name))
      return fail("plan", "--name " + plan.name,
                  fmt::format("the session of a run is called {}, which is {} characters, and 64 is the most", name,
                              name.size()));
  return {};
}

}  // namespace

std::string ExperimentPlan::name_of(const PlannedRun& run) const {
  return fmt::format("{}-{}-{}", name, run.mode, run.number);
}

Result<ExperimentPlan> plan_experiment(const ExperimentOptions& options, std::time_t unix_s) {
  if (auto right = check_modes(options.modes); !right) return tl::unexpected{right.error()};
  auto asked = asked_for(options.parameters);
  if (!asked) return tl::unexpected{asked.error()};
  ExperimentPlan plan;
  plan.name = options.name.empty() ? fmt::format("exp-{:%Y%m%d-%H%M%S}", fmt::gmtime(unix_s)) : options.name;
  plan.runs = interleaved(options.modes, options.repeat);
  plan.asked = std::move(*asked);
  if (auto right = check_names_of(plan); !right) return tl::unexpected{right.error()};
  return plan;
}

Result<void> check_on(const ExperimentPlan& plan, Vendor vendor, const Parameters& parameters) {
  for (const PlannedRun& run : plan.runs)
    if (auto known = mode_parameters(vendor, *paging_from(run.mode)); !known) return tl::unexpected{known.error()};
  for (const auto& [name, value] : plan.asked)
    if (!parameters.contains(name))
      return fail("plan", fmt::format("--parameter {}={}", name, value),
                  fmt::format("{} shows no parameter of that name", module_name(vendor)));
  return {};
}

Result<void> check_names(const ExperimentPlan& plan, const nlohmann::json& sessions) {
  std::map<std::string, std::string> ids;
  for (const auto& session : sessions)
    ids.emplace(session.at("name").get<std::string>(), session.at("id").get<std::string>());
  for (const PlannedRun& run : plan.runs)
    if (const auto taken = ids.find(plan.name_of(run)); taken != ids.end())
      return fail("plan", "--name " + plan.name,
                  fmt::format("session {} has the name {} already", taken->second, taken->first));
  for (const auto& session : sessions)
    if (const auto run = session.find("run"); run != session.end() && run->is_object())
      if (run->value("experiment", std::string{}) == plan.name)
        return fail("plan", "--name " + plan.name,
                    fmt::format("session {} is of an experiment of that name", session.at("id").get<std::string>()));
  return {};
}

}  // namespace exitledger::cli
