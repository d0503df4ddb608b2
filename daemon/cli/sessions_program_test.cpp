// SPDX-License-Identifier: MIT
// exitledger sessions on a store, without a daemon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program_for_tests.h"
#include "session/sessions_for_tests.h"
#include "store/store.h"
#include "witness/temp_tree.h"

namespace exitledger::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class SessionsProgram : public testing::Test {
 protected:
  void keep(const Session& session) const {
    auto store = Store::open(tree_.path() / "store.db", Store::Access::kWrite);
    ASSERT_TRUE(store) << store.error().message();
    ASSERT_TRUE((*store)->put(session));
  }
  [[nodiscard]] Ran sessions(const std::string& arguments) const {
    return shell("\"$exitledger\" sessions --api.socket \"$d/none\" --storage.path '" +
                 (tree_.path() / "store.db").string() + "' " + arguments + " 2>&1");
  }

 private:
  TempTree tree_;
};

// Whoever starts a VM names it.
TEST_F(SessionsProgram, WhatOthersNamedDoesNotCommandTheTerminal) {
  const std::string hostile = "x\x1b]0;..\a\nsession 9 agrees";
  Session session = ept_session();
  session.run = RecordedRun{hostile, hostile, hostile, 1, 0};
  session.vms = {{hostile, "", 1, 1, 1}};
  keep(session);
  const Ran ran = sessions("show 1");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_THAT(ran.output, HasSubstr("VM x?]0;..??session 9 agrees: process 1"));
  EXPECT_THAT(ran.output, HasSubstr("command: x?]0;..??session 9 agrees (status 0); x?]0"));
  EXPECT_THAT(ran.output, Not(HasSubstr("\nsession 9")));
  EXPECT_THAT(ran.output, Not(HasSubstr("\x1b")));
}

TEST_F(SessionsProgram, AnErrorIsOneLineWhateverItQuotes) {
  keep(ept_session());
  const Ran ran = sessions("show \"$(printf 'a\\033[2J\\nexitledger: all is well')\"");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.output, "exitledger: find session a?[2J?exitledger: all is well: the sessions kept are 1\n");
}

TEST_F(SessionsProgram, AnExperimentsNameStandsForItsSessions) {
  for (const char* id : {"1", "2", "3"}) {
    Session session = ept_session();
    session.id = id;
    session.name = std::string{"run-"} + id;
    if (id != std::string{"2"}) session.run = RecordedRun{"true", "night", "ept", 1, 0};
    keep(session);
  }
  const Ran both = sessions("export night | jq -c '[.sessions[].id]'");
  EXPECT_EQ(both.output, "[\"1\",\"3\"]\n");
  const Ran none = sessions("export 1 nightly");
  EXPECT_EQ(none.status, 2);
  EXPECT_EQ(none.output, "exitledger: find session nightly: the sessions kept are 1 (run-1), 2 (run-2), 3 (run-3)\n");
}

TEST_F(SessionsProgram, WithoutALeafTheOneBookIsShown) {
  Session session = ept_session();
  session.leaf = LeafState::kAbsent;
  session.reasons.clear();
  session.verdict = Verdict::kCannotTell;
  keep(session);
  const Ran ran = sessions("show 1");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.output, testing::ContainsRegex("10  CPUID +[0-9,]+ +- +- +-  leaf absent"));
  EXPECT_THAT(ran.output, testing::ContainsRegex("ALL +[0-9,]+ +-"));
}

}  // namespace
}  // namespace exitledger::cli
