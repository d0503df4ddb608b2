// SPDX-License-Identifier: MIT
#include "compare/operands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compare/experiment_for_tests.h"

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> ids_of(const Operand& operand) {
  std::vector<std::string> ids;
  for (const Session& session : operand.runs) ids.push_back(session.id);
  return ids;
}

std::vector<Session> with(std::vector<Session> sessions, std::initializer_list<Session> more) {
  sessions.insert(sessions.end(), more);
  return sessions;
}

Session named(const std::string& id, const std::string& name) {
  Session session = ept_session();
  session.id = id;
  session.name = name;
  return session;
}

std::string error_of(const std::vector<Session>& sessions, const std::string& word) {
  const auto found = find_operand(sessions, word);
  return found ? "" : found.error().message();
}

TEST(Operands, ASessionByNumberOrName) {
  const std::vector<Session> sessions{named("1", ""), named("2", "before the upgrade")};
  EXPECT_THAT(ids_of(find_operand(sessions, "1").value()), ElementsAre("1"));
  const Operand operand = find_operand(sessions, "before the upgrade").value();
  EXPECT_THAT(ids_of(operand), ElementsAre("2"));
  EXPECT_TRUE(operand.is_session());
  EXPECT_THAT(operand.notes, IsEmpty());
}

TEST(Operands, AModeOfAnExperimentWithItsRunsInOrder) {
  std::vector<Session> sessions = with(experiment_of("boot", 3), {named("1", "")});
  std::swap(sessions[0], sessions[4]);
  const Operand operand = find_operand(sessions, "boot/ept").value();
  EXPECT_THAT(ids_of(operand), ElementsAre("101", "103", "105"));
  EXPECT_EQ(operand.experiment, "boot");
  EXPECT_EQ(operand.mode, "ept");
  EXPECT_THAT(operand.left_out, IsEmpty());
}

TEST(Operands, AnExperimentOfOneModeIsASide) {
  const std::vector<Session> sessions{run_of("solo", Paging::kEpt, 1), run_of("solo", Paging::kEpt, 2)};
  EXPECT_THAT(ids_of(find_operand(sessions, "solo").value()), ElementsAre("101", "103"));
  const auto two = experiment_of("boot", 1);
  EXPECT_EQ(error_of(two, "boot"),
            "compare 'boot': an experiment of 2 modes is no side of a comparison: say boot/ept or boot/shadow");
}

TEST(Operands, TheTwoModesOfAnExperimentInTheOrderInWhichTheyFirstRan) {
  std::vector<Session> sessions = experiment_of("boot", 2);
  std::reverse(sessions.begin(), sessions.end());
  const auto modes = find_modes(sessions, "boot");
  ASSERT_TRUE(modes);
  EXPECT_EQ(modes->first.mode, "ept");
  EXPECT_EQ(modes->second.mode, "shadow");
  for (Session& session : sessions)
    if (session.paging == Paging::kEpt) session.started_unix_ns += 1'000'000'000'000;
  EXPECT_EQ(find_modes(sessions, "boot")->first.mode, "shadow");
}

TEST(Operands, OnlyAnExperimentOfTwoModesStandsAlone) {
  std::vector<Session> sessions = with(experiment_of("boot", 1), {named("1", "idle")});
  EXPECT_THAT(find_modes(sessions, "idle").error().message(),
              HasSubstr("'idle': no experiment, which alone can stand"));
  EXPECT_THAT(find_modes(sessions, "boot/ept").error().message(), HasSubstr("no experiment, which alone can stand"));
  EXPECT_THAT(find_modes(sessions, "nothing").error().message(),
              HasSubstr("no experiment: the sessions kept are 1 (idle)"));
  sessions.pop_back();
  sessions.pop_back();
  EXPECT_THAT(find_modes(sessions, "boot").error().message(), HasSubstr("an experiment of 1 mode, not of two"));
  sessions = with(experiment_of("boot", 1), {run_of("boot", Paging::kEpt, 2)});
  sessions.back().run->mode = "ept,vpid=0";
  EXPECT_THAT(find_modes(sessions, "boot").error().message(),
              HasSubstr("an experiment of 3 modes, not of two: name both sides; there are boot/ept, boot/shadow and "
                        "boot/ept,vpid=0"));
}

TEST(Operands, WhatIsNotThereIsAnErrorThatNamesWhatIs) {
  const auto sessions = with(experiment_of("boot", 1), {named("1", "idle")});
  EXPECT_EQ(
      error_of(sessions, "3"),
      "compare '3': neither a session nor an experiment: the sessions kept are 1 (idle), 102 and 101, the modes of "
      "experiments boot/shadow and boot/ept");
  EXPECT_THAT(error_of({}, "3"), HasSubstr("there is no session yet"));
  std::vector<Session> many;
  for (int i = 1; i <= 5'000; ++i) many.push_back(named(std::to_string(i), ""));
  EXPECT_THAT(error_of(many, "x"), HasSubstr("5000, 4999,"));
  EXPECT_THAT(error_of(many, "x"), HasSubstr("and 4990 more"));
}

TEST(Operands, ANameThatIsBothIsAnErrorThatSaysWhatWouldBeRight) {
  const auto sessions = with(experiment_of("boot", 1), {named("7", "boot"), named("8", "boot/ept")});
  EXPECT_EQ(error_of(sessions, "boot"),
            "compare 'boot': it is a session's name (say 7) and an experiment (say boot/ept or boot/shadow)");
  EXPECT_EQ(error_of(sessions, "boot/ept"),
            "compare 'boot/ept': it is a session's name (say 8) and the mode 'ept' of the experiment 'boot' (name its "
            "sessions)");
  EXPECT_TRUE(find_modes(sessions, "boot")) << "alone, the word can only mean the experiment";
}

TEST(Operands, ANumberIsTheSessionOfThatNumberAndSaysSo) {
  const std::vector<Session> sessions{named("2", ""), named("5", "2")};
  const Operand operand = find_operand(sessions, "2").value();
  EXPECT_THAT(ids_of(operand), ElementsAre("2"));
  EXPECT_THAT(operand.notes,
              ElementsAre("2 is taken as the session of that number; it is also a session's name (say 5)"));
  const std::vector<Session> own{named("2", "2")};
  EXPECT_THAT(find_operand(own, "2")->notes, IsEmpty()) << "both are the same session";
}

TEST(Operands, BrokenRunsAreLeftOutAndNamed) {
  std::vector<Session> sessions = experiment_of("boot", 6);
  sessions[1].run->status = 137;
  sessions[3].run->status.reset();
  sessions[5].interrupted = true;
  sessions[7].ended_unix_ns = 0;
  sessions[9].run->cut_short = true;
  const Operand operand = find_operand(sessions, "boot/shadow").value();
  EXPECT_THAT(ids_of(operand), ElementsAre("112"));
  ASSERT_EQ(operand.left_out.size(), 5U);
  EXPECT_EQ(operand.left_out[0].number, 1U);
  EXPECT_EQ(operand.left_out[0].id, "102");
  EXPECT_EQ(operand.left_out[0].why, "its command ended with status 137");
  EXPECT_EQ(operand.left_out[1].why, "how its command ended is not known");
  EXPECT_EQ(operand.left_out[2].why, "its daemon was gone before it ended");
  EXPECT_EQ(operand.left_out[3].why, "it still runs");
  EXPECT_EQ(operand.left_out[4].why, "the vendor module was reloaded before its command ended") << "status 0";
}

TEST(Operands, AModeWithoutAWholeRunIsAnError) {
  std::vector<Session> sessions = experiment_of("boot", 1);
  sessions[1].run->status = 1;
  const std::string error = error_of(sessions, "boot/shadow");
  EXPECT_EQ(error,
            "compare 'boot/shadow': no run of it is whole: run 1 (session 102): its command ended with status 1");
  EXPECT_EQ(find_modes(sessions, "boot").error().message(), error);
}

TEST(Operands, ABrokenSessionThatIsAskedForIsTaken) {
  Session session = named("1", "");
  session.interrupted = true;
  EXPECT_THAT(ids_of(find_operand(std::vector{session}, "1").value()), ElementsAre("1"));
  EXPECT_TRUE(broken(session));
  session.interrupted = false;
  EXPECT_FALSE(broken(session)) << "not recorded around a command";
}

TEST(Operands, NamesInErrorsDoNotDriveTheTerminal) {
  const std::vector<Session> sessions{named("1", hostile_name())};
  const std::string error = error_of(sessions, "\x1b[2J\n");
  EXPECT_THAT(error, Not(HasSubstr("\x1b")));
  EXPECT_THAT(error, Not(HasSubstr("\n")));
  EXPECT_THAT(ids_of(find_operand(sessions, hostile_name()).value()), ElementsAre("1"));
}

}  // namespace
}  // namespace exitledger
