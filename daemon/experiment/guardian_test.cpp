// SPDX-License-Identifier: MIT
#include "experiment/guardian.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <string>

namespace exitledger {
namespace {

// What the guardian of a process wrote: "r" where it restored. The pipe ends when both are gone.
std::string said_after(const std::function<void(Guardian&)>& life) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    setpgid(0, 0);
    auto guardian = Guardian::start([&] { static_cast<void>(!write(ends[1], "r", 1)); });
    if (guardian)
      life(*guardian);
    else
      static_cast<void>(!write(ends[1], "not started", 11));
    _exit(0);
  }
  close(ends[1]);
  waitpid(child, nullptr, 0);
  std::string said;
  char c = 0;
  while (read(ends[0], &c, 1) == 1) said += c;
  close(ends[0]);
  return said;
}

TEST(Guardian, RestoresForWhoWasKilled) {
  EXPECT_EQ(said_after([](Guardian&) { raise(SIGKILL); }), "r");
  EXPECT_EQ(said_after([](Guardian&) {
              kill(0, SIGTERM);  // to all of the group: the guardian is not in it
              pause();
            }),
            "r");
}

TEST(Guardian, DoesNothingOnceReleased) {
  EXPECT_EQ(said_after([](Guardian& guardian) { guardian.release(); }), "");
}

// The pid of this process' only child; 0 if there is none.
pid_t only_child() {
  pid_t pid = 0;
  std::ifstream("/proc/self/task/" + std::to_string(getpid()) + "/children") >> pid;
  return pid;
}

TEST(Guardian, ThatWasKilledDoesNotEndItsProcess) {
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);  // the guardian, which is nobody's child, becomes ours
    auto guardian = Guardian::start([] {});
    const pid_t pid = only_child();
    if (!guardian || pid <= 0 || kill(pid, SIGKILL) != 0 || waitpid(pid, nullptr, 0) != pid) _exit(2);
    guardian->release();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "a signal in the low bits: SIGPIPE";
}

TEST(Guardian, DoesNotHoldTheOutputWhileItRestores) {
  std::array<int, 2> output{}, go_on{};
  ASSERT_EQ(pipe(output.data()), 0);
  ASSERT_EQ(pipe(go_on.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(output[1], STDOUT_FILENO);
    for (const int fd : {output[0], output[1], go_on[1]}) close(fd);
    const auto guardian = Guardian::start([&] {
      char c = 0;
      static_cast<void>(!read(go_on[0], &c, 1));
    });
    _exit(guardian ? 0 : 1);
  }
  close(output[1]);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  constexpr int kMuchMs = 5000;
  pollfd end{output[0], POLLIN, 0};
  EXPECT_EQ(poll(&end, 1, kMuchMs), 1);
  for (const int fd : {output[0], go_on[0], go_on[1]}) close(fd);
}

}  // namespace
}  // namespace exitledger
