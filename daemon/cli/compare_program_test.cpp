// SPDX-License-Identifier: MIT
// exitledger compare on a store with an experiment, without a daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/program_for_tests.h"
#include "compare/experiment_for_tests.h"
#include "store/store.h"

namespace exitledger::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CompareProgram : public testing::Test {
 protected:
  /// Sessions 101, 103, … are of EPT, 102, 104, … of shadow paging.
  void keep(const std::vector<Session>& sessions) {
    std::filesystem::remove_all(directory_);
    auto store = Store::open(path(), Store::Access::kWrite);
    ASSERT_TRUE(store) << store.error().message();
    for (const Session& session : sessions) ASSERT_TRUE((*store)->put(session));
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] Ran compare(const std::string& arguments) const {
    return shell("\"$exitledger\" compare --api.socket \"$d/none\" --storage.path '" + path() + "' " + arguments);
  }
  [[nodiscard]] std::string path() const { return (directory_ / "store.db").string(); }

 private:
  std::filesystem::path directory_ =
      std::filesystem::path(testing::TempDir()) / ("exitledger-compare-" + std::to_string(::getpid()));
};

TEST_F(CompareProgram, AnExperimentByItself) {
  keep(experiment_of("boot", 6));
  const Ran ran = compare("--json boot");
  EXPECT_EQ(ran.status, 0);
  const auto json = nlohmann::json::parse(ran.output);
  EXPECT_EQ(json["sound"], true);
  EXPECT_EQ(json["a"]["name"], "boot/ept");
  EXPECT_EQ(json["reasons"][0]["name"], "EXCEPTION_NMI");
  EXPECT_EQ(json["reasons"][0]["b"]["n"], 6);
  EXPECT_EQ(compare("--json boot/ept boot/shadow").output, ran.output);
}

TEST_F(CompareProgram, EachFormGoesToStdout) {
  keep(experiment_of("boot", 2));
  EXPECT_THAT(compare("101 102").output, HasSubstr("Exits net of the reader's own"));
  EXPECT_THAT(compare("--csv 101 102").output, StartsWith("section,number,name,"));
  EXPECT_THAT(compare("--markdown 101 102").output, StartsWith("# VM exits"));
  EXPECT_THAT(compare("--html 101 102").output, StartsWith("<!DOCTYPE html>"));
}

TEST_F(CompareProgram, TheStatusIsTheWorstRunsVerdict) {
  std::vector<Session> sessions = experiment_of("boot", 3);
  sessions[3].laws_broken = {{"no-ept-violation-under-shadow", 48, 9}};
  keep(sessions);
  EXPECT_EQ(compare("boot").status, 1);
  EXPECT_EQ(compare("boot/ept 102").status, 0);
  sessions[3].run->status = 137;
  sessions[0].verdict = Verdict::kCannotTell;
  keep(sessions);
  EXPECT_EQ(compare("boot").status, 2) << "the run with the broken law is left out, one that cannot tell is not";
}

TEST_F(CompareProgram, AnUnsoundComparisonIsNoSuccess) {
  std::vector<Session> sessions = experiment_of("boot", 1);
  sessions[1].run->status = 137;
  keep(sessions);
  const Ran ran = compare("--json 101 102");
  EXPECT_EQ(nlohmann::json::parse(ran.output)["sound"], false);
  EXPECT_EQ(ran.status, 2);
}

TEST_F(CompareProgram, WhatCannotBeComparedIsOneLineAndStatusTwo) {
  keep(experiment_of("boot", 1));
  for (const auto& [arguments, said] : {std::pair{"boot 101", "say boot/ept or boot/shadow"},
                                        std::pair{"101", "no experiment, which alone can stand by itself"},
                                        std::pair{"101 nothing", "'nothing': neither a session nor an experiment"},
                                        std::pair{"boot --csv --html", "--html"}}) {
    const Ran ran = compare(std::string(arguments) + " 2>&1");
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_THAT(ran.output, HasSubstr(said));
    EXPECT_EQ(std::count(ran.output.begin(), ran.output.end(), '\n'), 1) << ran.output;
    EXPECT_EQ(compare(std::string(arguments) + " 2>/dev/null").output, "") << arguments;
  }
}

}  // namespace
}  // namespace exitledger::cli
