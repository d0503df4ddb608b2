// SPDX-License-Identifier: MIT
#include "experiment/command.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace exitledger {
namespace {

class Attributes {
 public:
  explicit Attributes(Command::Group group) {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setpgroup(&attributes_, 0);
    // Until it has left our group, what the group is sent reaches the child as well: pending, and its end as soon as
    // it is not blocked any more.
    const int group_or_mask = group == Command::Group::kOwn ? POSIX_SPAWN_SETPGROUP : POSIX_SPAWN_SETSIGMASK;
    // What this process ignores for itself, the command does not.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes_, &pipe);
    posix_spawnattr_setflags(&attributes_, static_cast<short>(POSIX_SPAWN_SETSIGDEF | group_or_mask));
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::vector<std::string> joined(const Command::Environment& environment) {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string text = *each;
    if (!environment.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : environment) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// As execvp(3): a file that may not be executed is passed over, and told if no other is found.
int errno_of(const std::filesystem::path& file) {
  if (::access(file.c_str(), X_OK) != 0) return errno;
  std::error_code ignored;
  return std::filesystem::is_regular_file(file, ignored) ? 0 : EACCES;
}

}  // namespace

Result<void> check_command(const std::string& word) {
  int code = ENOENT;
  if (word.find('/') != std::string::npos) {
    code = errno_of(word);
  } else if (!word.empty()) {
    const char* const path = std::getenv("PATH");
    std::string_view left = path != nullptr ? path : "/bin:/usr/bin";
    for (bool more = true; more && code != 0;) {
      const std::size_t end = left.find(':');
      const std::string_view directory = left.substr(0, end);
      const int found = errno_of(std::filesystem::path{directory.empty() ? "." : directory} / word);
      if (found == 0 || found == EACCES) code = found;
      more = end != std::string_view::npos;
      if (more) left.remove_prefix(end + 1);
    }
  }
  if (code == 0) return {};
  return fail("run", word, "", code);
}

Result<Command> Command::start(const std::vector<std::string>& words, const Environment& environment, Group group) {
  std::vector<std::string> arguments = words;
  std::vector<std::string> variables = joined(environment);
  const Attributes attributes{group};
  pid_t pid = 0;
  const int code = posix_spawnp(&pid, words.front().c_str(), nullptr, attributes.get(), pointers(arguments).data(),
                                pointers(variables).data());
  if (code != 0) return fail("run", words.front(), "", code);
  UniqueFd pidfd{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
  if (!pidfd) return fail_errno("pidfd_open", words.front());
  return Command{pid, std::move(pidfd)};
}

void Command::signal(int number) const { ::kill(pid_, number); }
bool Command::is_in_our_group() const { return ::getpgid(pid_) == ::getpgrp(); }

Result<int> Command::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0)
    if (errno != EINTR) return fail_errno("wait for", "process " + std::to_string(pid_));
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string quoted(const std::vector<std::string>& words) {
  constexpr std::string_view kPlain = "@%+=:,./-_";
  const auto is_plain = [&](unsigned char c) {
    return std::isalnum(c) != 0 || kPlain.find(static_cast<char>(c)) != std::string_view::npos;
  };
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) line += c == '\'' ? std::string{"'\\''"} : std::string{c};
    line += '\'';
  }
  return line;
}

}  // namespace exitledger
