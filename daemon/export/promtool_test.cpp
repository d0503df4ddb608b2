// SPDX-License-Identifier: MIT
// Prometheus' own linter on a full scrape: silent, status 0.
#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <fstream>

#include "export/metrics.h"
#include "export/test_snapshot.h"

namespace exitledger {
namespace {

struct Outcome {
  int status = -1;
  std::string output;
};

// Standard output and error of a shell command, together.
Outcome run(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {};
  Outcome outcome;
  std::array<char, 4096> block{};
  for (std::size_t got = 0; (got = ::fread(block.data(), 1, block.size(), pipe)) > 0;)
    outcome.output.append(block.data(), got);
  const int status = ::pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

Outcome check_metrics(const std::string& exposition) {
  const test::ProcSelf directory;  // also a place for the file
  const std::string file = directory.path() + "/scrape.prom";
  std::ofstream{file} << exposition;
  return run("promtool check metrics < '" + file + "'");
}

class Promtool : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(run("command -v promtool").status, 0) << "promtool is not in PATH: apt-get install prometheus";
  }
};

TEST_F(Promtool, IsSilentOnARichScrape) {
  const test::ProcSelf proc;
  const Outcome outcome = check_metrics(exposition(test::rich_snapshot(), proc.path()));
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(Promtool, IsSilentOnAHostWithoutAnything) {
  const Outcome outcome = check_metrics(exposition({}));
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(Promtool, WouldHaveComplained) { EXPECT_NE(check_metrics("# TYPE a counter\na 1\n").status, 0); }

}  // namespace
}  // namespace exitledger
