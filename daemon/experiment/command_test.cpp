// SPDX-License-Identifier: MIT
#include "experiment/command.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>

namespace exitledger {
namespace {

int status_of(const std::vector<std::string>& words, const Command::Environment& environment = {}) {
  auto command = Command::start(words, environment);
  EXPECT_TRUE(command) << command.error().message();
  return command ? command->wait().value_or(-1) : -1;
}

TEST(Command, StatusesAreAShells) {
  EXPECT_EQ(status_of({"true"}), 0);
  EXPECT_EQ(status_of({"sh", "-c", "exit 37"}), 37);
  EXPECT_EQ(status_of({"sh", "-c", "kill -KILL $$"}), 128 + SIGKILL);
}

TEST(Command, SaysWhyItCannotBeRun) {
  EXPECT_EQ(Command::start({"/no/such/program"}, {}).error().code, ENOENT);
  EXPECT_EQ(Command::start({"/etc/passwd"}, {}).error().code, EACCES);
}

TEST(Command, IsLookedForAsItIsStarted) {
  const char* const path = ::getenv("PATH");
  const std::string before = path != nullptr ? path : "";
  EXPECT_TRUE(check_command("sh"));
  EXPECT_TRUE(check_command("/bin/sh"));
  for (const std::string word :
       {"no-such-command-anywhere", "/no/such/program", "", "/etc/passwd", "/etc", "/bin/sh/x"}) {
    const auto checked = check_command(word);
    ASSERT_FALSE(checked) << word;
    const auto started = Command::start({word}, {});
    ASSERT_FALSE(started) << word;
    EXPECT_EQ(checked.error().code, started.error().code) << word;
  }
  ::setenv("PATH", "/etc:/nowhere", 1);
  EXPECT_EQ(check_command("passwd").error().code, EACCES);
  EXPECT_EQ(check_command("sh").error().code, ENOENT);
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path("/bin");
  for (const char* const empty : {"", "/nowhere:", ":/nowhere", "/nowhere::/nowhere"}) {  // this directory
    ::setenv("PATH", empty, 1);
    EXPECT_TRUE(check_command("sh")) << empty;
  }
  std::filesystem::current_path(here);
  ::setenv("PATH", before.c_str(), 1);
}

TEST(Command, HasTheVariablesAndNoBlockedSignal) {
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  sigprocmask(SIG_BLOCK, &terminate, nullptr);
  EXPECT_EQ(
      status_of({"sh", "-c", "test \"$EXITLEDGER_MODE\" = ept && test -n \"$PATH\""}, {{"EXITLEDGER_MODE", "ept"}}), 0);
  EXPECT_EQ(status_of({"sh", "-c", "kill -TERM $$; exit 5"}), 128 + SIGTERM);
  sigprocmask(SIG_UNBLOCK, &terminate, nullptr);
}

// nohup.
TEST(Command, IgnoresWhatIsIgnoredHere) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  EXPECT_EQ(status_of({"sh", "-c", "kill -HUP $$; exit 5"}), 5);
  std::signal(SIGHUP, SIG_DFL);
  EXPECT_EQ(status_of({"sh", "-c", "kill -HUP $$; exit 5"}), 128 + SIGHUP);
  std::signal(SIGHUP, before);
}

TEST(Command, IsInAGroupOfItsOwnWhereThatIsAskedFor) {
  for (const auto group : {Command::Group::kOurs, Command::Group::kOwn}) {
    auto command = Command::start({"sh", "-c", "read _ _ _ _ group _ </proc/$$/stat; test $group = $$"}, {}, group);
    ASSERT_TRUE(command);
    EXPECT_EQ(command->is_in_our_group(), group == Command::Group::kOurs);
    EXPECT_EQ(command->wait().value(), group == Command::Group::kOwn ? 0 : 1);
  }
}

// ^C again and again, while what must not be interrupted is being started.
TEST(Command, WhatOurGroupIsSentEndsNoneInAGroupOfItsOwn) {
  const pid_t ours = fork();
  ASSERT_GE(ours, 0);
  if (ours == 0) {
    setsid();  // a group without the test's runner
    sigset_t terminate;
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigprocmask(SIG_BLOCK, &terminate, nullptr);
    std::atomic<bool> over = false;
    std::thread person{[&] {
      while (!over) kill(0, SIGTERM);
    }};
    int ended = 0;
    for (int i = 0; i < 200; ++i) {
      auto command = Command::start({"true"}, {}, Command::Group::kOwn);
      if (!command || command->wait().value_or(-1) != 0) ++ended;
    }
    over = true;
    person.join();
    _exit(ended == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(ours, &status, 0), ours);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(Command, PassesSignalsOn) {
  auto command = Command::start({"sleep", "1000"}, {});
  ASSERT_TRUE(command);
  command->signal(SIGTERM);
  EXPECT_EQ(command->wait().value(), 128 + SIGTERM);
}

TEST(Quoted, ReadsBackInAShell) {
  EXPECT_EQ(quoted({"boot-guest", "--forks", "50"}), "boot-guest --forks 50");
  EXPECT_EQ(quoted({"sh", "-c", "echo 'a b'", ""}), "sh -c 'echo '\\''a b'\\''' ''");
}

}  // namespace
}  // namespace exitledger
