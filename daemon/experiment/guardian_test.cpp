// SPDX-License-Identifier: MIT
#include "experiment/guardian.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace exitledger {
namespace {

// What the guardian of a process wrote: "r" where it restored. The pipe ends when both are gone.
std::string said_after(const std::function<void(Guardian&)>& life) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    auto guardian = Guardian::start([&] { static_cast<void>(!write(ends[1], "r", 1)); });
    if (guardian) life(*guardian);
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
              kill(0, SIGCONT);
              _exit(3);
            }),
            "r");
}

TEST(Guardian, DoesNothingOnceReleased) {
  EXPECT_EQ(said_after([](Guardian& guardian) { guardian.release(); }), "");
}

}  // namespace
}  // namespace exitledger
