// SPDX-License-Identifier: MIT
// What a person asks of an experiment, and what is wrong with it: all of that is said before the module is touched.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "cli/options.h"
#include "experiment/parameters.h"
#include "experiment/schedule.h"
#include "model/paging.h"

namespace exitledger::cli {

struct ExperimentPlan {
  std::string name;
  std::vector<PlannedRun> runs;
  Parameters asked;  ///< of the vendor module, in all runs

  /// Of the run's session: NAME-MODE-RUN.
  [[nodiscard]] std::string name_of(const PlannedRun& run) const;
};

/// `unix_s`: what an experiment without a name is named after. Error: a mode twice; a name that is none, or too long
/// for its runs; a --parameter that is no NAME=VALUE, comes twice or is the paging mode.
[[nodiscard]] Result<ExperimentPlan> plan_experiment(const ExperimentOptions& options, std::time_t unix_s);

/// Error: the vendor has no such mode, or its module, which now has `parameters`, no such parameter.
[[nodiscard]] Result<void> check_on(const ExperimentPlan& plan, Vendor vendor, const Parameters& parameters);

/// `sessions`: as /api/v1/sessions lists them. Error: one has the name of a run.
[[nodiscard]] Result<void> check_names(const ExperimentPlan& plan, const nlohmann::json& sessions);

}  // namespace exitledger::cli
