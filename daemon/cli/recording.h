// SPDX-License-Identifier: MIT
// A command inside a recorded session: begin, run, end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/backend.h"
#include "experiment/command.h"
#include "model/session.h"

namespace exitledger::cli {

struct StopSignal {
  int number = 0;
  bool of_a_key = false;  ///< ^C, ^\: the terminal sent it to each process in the foreground
};

/// SIGINT, SIGTERM, SIGHUP and SIGQUIT, but for those that are ignored (nohup), as a descriptor, for as long as it
/// lives; they reach the command through it. SIGPIPE is ignored from then on, but by the command.
class StopSignals {
 public:
  [[nodiscard]] static Result<StopSignals> take();
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The signal that waits to be read, if one does.
  [[nodiscard]] std::optional<StopSignal> read() const;

 private:
  explicit StopSignals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

struct RecordingPlan {
  std::string name;  ///< of the session; may be empty
  std::string experiment, mode;
  unsigned number = 0;
  std::vector<std::string> command;
  Command::Environment environment;
};

struct RecordingResult {
  Session session;     ///< without its rounds
  int status = 0;      ///< the command's
  int stopped_by = 0;  ///< signal that this process was sent meanwhile; 0: none

  [[nodiscard]] bool cut_short() const { return session.run && session.run->cut_short; }
};

/// Begins a session, runs the command to its end, ends the session. A command that cannot be run ends it with 127 or
/// 126. Error: the session could not be begun (the command was not run) or ended.
[[nodiscard]] Result<RecordingResult> record(Backend& backend, const StopSignals& signals, const RecordingPlan& plan);

/// "session 5 'night': 12,345 exits, agrees", and what kept it from being more.
[[nodiscard]] std::string summary(const RecordingResult& result);

}  // namespace exitledger::cli
