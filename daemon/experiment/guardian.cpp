// SPDX-License-Identifier: MIT
#include "experiment/guardian.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

namespace exitledger {
namespace {

constexpr char kReady = 'r', kDone = 'd';

// What ends a terminal or a process group must not end it, and whoever reads our output need not wait for it.
void detach() {
  setsid();
  const UniqueFd nothing{open("/dev/null", O_RDWR | O_CLOEXEC)};
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO})
    if (nothing) dup2(nothing.get(), stream);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) signal(number, SIG_IGN);
}

// Waits; nullopt: the other side is gone.
std::optional<char> hear(int line) {
  char said = 0;
  ssize_t got = 0;
  do got = recv(line, &said, 1, 0);
  while (got < 0 && errno == EINTR);
  return got == 1 ? std::optional{said} : std::nullopt;
}

// A side that is gone must not end the other one by SIGPIPE.
void tell(int line, char word) { static_cast<void>(!send(line, &word, 1, MSG_NOSIGNAL)); }

[[noreturn]] void guard(int line, const std::function<void()>& restore) {
  detach();
  tell(line, kReady);
  if (hear(line) != kDone) restore();
  _exit(0);
}

}  // namespace

Result<Guardian> Guardian::start(const std::function<void()>& restore) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail_errno("socketpair", "to the guardian");
  UniqueFd its{ends[0]}, ours{ends[1]};
  const pid_t child = fork();
  if (child < 0) return fail_errno("fork", "the guardian");
  if (child == 0) {
    // Twice, so that it is nobody's child to wait for.
    const pid_t second = fork();
    if (second != 0) _exit(second < 0 ? errno : 0);
    ours.reset();
    guard(its.get(), restore);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return fail_errno("waitpid", "the guardian");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail("fork", "the guardian", "", WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD);
  // Not before it has left our group: what ends that would end it, too.
  its.reset();
  if (hear(ours.get()) != kReady) return fail("start", "the guardian", "it ended at once");
  return Guardian{std::move(ours)};
}

void Guardian::release() {
  if (line_) tell(line_.get(), kDone);
  line_.reset();
}

}  // namespace exitledger
