// SPDX-License-Identifier: MIT
// A person's command as a child process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger {

/// Exit statuses of a command that could not be run, as shells have them.
inline constexpr int kNotFound = 127, kNotExecutable = 126;

/// One child. Whoever owns it waits for it: a Command that is destroyed while it runs leaves its process behind.
class Command {
 public:
  using Environment = std::map<std::string, std::string>;
  /// Of processes: a terminal's ^C reaches all of ours. None that is blocked here ever reaches one of its own.
  enum class Group : std::uint8_t { kOurs, kOwn };

  /// Found through PATH, with this process's descriptors, no signal blocked (in a group of its own: those that are
  /// blocked here), what is ignored here (nohup) ignored there, and `environment` on top of this process's. Error: not
  /// found, not executable (its errno).
  [[nodiscard]] static Result<Command> start(const std::vector<std::string>& words, const Environment& environment,
                                             Group group = Group::kOurs);

  /// Readable (poll) once it has ended.
  [[nodiscard]] int fd() const { return pidfd_.get(); }
  void signal(int number) const;
  /// Whether what our process group is sent reaches it.
  [[nodiscard]] bool is_in_our_group() const;
  /// Blocks until it ends. 0 to 255; 128 + N if signal N ended it.
  [[nodiscard]] Result<int> wait();

 private:
  Command(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_;
  UniqueFd pidfd_;
};

/// Whether Command::start() would find `word` and may execute it, before anything is done for its sake: by the search
/// of execvp(3). What execve(2) has against the file itself (no interpreter, another machine's) shows at the start.
/// Errors, with their errno: ENOENT; EACCES (not executable, or no regular file).
[[nodiscard]] Result<void> check_command(const std::string& word);

/// The words as a shell would take them, in one line.
[[nodiscard]] std::string quoted(const std::vector<std::string>& words);

}  // namespace exitledger
