// SPDX-License-Identifier: MIT
// exitledger record: a session around a command.
#include "cli/commands.h"
#include "cli/recording.h"
#include "cli/streams.h"

namespace exitledger::cli {

int run_record(const Common& common, const RecordOptions& options) {
  const auto signals = StopSignals::take();
  if (!signals) return complain(signals.error());
  const auto backend = recording_backend(common);
  if (!backend) return complain(backend.error());
  RecordingPlan plan;
  plan.name = options.name;
  plan.command = options.command;
  const auto result = record(**backend, *signals, plan);
  if (!result) return complain(result.error());
  log_line(summary(*result));
  return result->status;
}

}  // namespace exitledger::cli
