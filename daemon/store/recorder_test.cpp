// SPDX-License-Identifier: MIT
#include "store/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <utility>

#include "session/sessions_for_tests.h"
#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Session running(const std::string& id, std::uint64_t exits) {
  Session session;
  session.id = id;
  session.started_unix_ns = 1;
  session.ebpf.at[EL_INDEX_ALL] = exits;
  return session;
}

std::vector<const Session*> views(const std::vector<Session>& sessions) {
  std::vector<const Session*> views;
  for (const Session& each : sessions) views.push_back(&each);
  return views;
}

struct Unmount {
  std::filesystem::path path;
  ~Unmount() { EXPECT_EQ(umount(path.c_str()), 0); }
};

class RecorderTest : public testing::Test {
 protected:
  static Recorder recorder_in(const std::filesystem::path& directory, std::vector<std::string>& lines,
                              std::chrono::milliseconds interval = std::chrono::hours{1}) {
    auto store = Store::open(directory / "exitledger.db", Store::Access::kWrite);
    EXPECT_TRUE(store) << store.error().message();
    return {std::move(*store), interval, [&lines](LogLevel, const std::string& line) { lines.push_back(line); }};
  }
  TempTree tree_;
  std::vector<std::string> lines_;
};

TEST_F(RecorderTest, WritesWhatBeganWhatWasJudgedAndWhatEnded) {
  Recorder recorder = recorder_in(tree_.path(), lines_);
  Session session = running("1", 10);
  recorder.follow(std::array{&std::as_const(session)});
  EXPECT_EQ(recorder.store().get("1")->ebpf.all(), 10U);
  session.ebpf.at[EL_INDEX_ALL] = 11;
  recorder.follow(std::array{&std::as_const(session)});
  EXPECT_EQ(recorder.store().get("1")->ebpf.all(), 10U) << "the interval is not over";
  session.rounds = 1;
  recorder.follow(std::array{&std::as_const(session)});
  EXPECT_EQ(recorder.store().get("1")->ebpf.all(), 11U);
  session.ebpf.at[EL_INDEX_ALL] = 12;
  session.ended_unix_ns = 2;
  recorder.follow(std::array{&std::as_const(session)});
  EXPECT_EQ(recorder.store().get("1")->ebpf.all(), 12U);
  EXPECT_FALSE(recorder.store().get("1")->running());
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(RecorderTest, AnIntervalIsEnoughForWhatMoved) {
  Recorder recorder = recorder_in(tree_.path(), lines_, std::chrono::milliseconds{0});
  Session session = running("1", 10);
  recorder.follow(std::array{&std::as_const(session)});
  session.ebpf.at[EL_INDEX_ALL] = 11;
  recorder.follow(std::array{&std::as_const(session)});
  EXPECT_EQ(recorder.store().get("1")->ebpf.all(), 11U);
}

TEST_F(RecorderTest, WantsFiguresOfNowOncePerInterval) {
  Recorder rare = recorder_in(tree_.path() / "rare", lines_);
  EXPECT_TRUE(rare.wants_sample());
  EXPECT_FALSE(rare.wants_sample()) << "the interval is not over";
  Recorder often = recorder_in(tree_.path() / "often", lines_, std::chrono::milliseconds{0});
  EXPECT_TRUE(often.wants_sample());
  EXPECT_TRUE(often.wants_sample());
}

TEST_F(RecorderTest, KeepsASessionAtOnce) {
  Recorder recorder = recorder_in(tree_.path(), lines_);
  Session session = running("1", 10);
  session.ended_unix_ns = 2;
  recorder.follow(std::array{&std::as_const(session)});
  session.name = "night";
  EXPECT_TRUE(recorder.keep(session));
  EXPECT_EQ(recorder.store().get("1")->name, "night");
  Session other = running("2", 10);
  other.name = "night";
  EXPECT_FALSE(recorder.keep(other)) << "the name is taken";
  EXPECT_THAT(recorder.broken_because(), HasSubstr("UNIQUE"));
}

TEST_F(RecorderTest, ASessionWithoutAGuestIsNotKept) {
  Recorder recorder = recorder_in(tree_.path(), lines_);
  std::vector<Session> sessions{running("1", 10), running("2", 10), running("3", 10)};
  sessions[0].own_exits = sessions[1].own_exits = 10;
  sessions[2].own_exits = 9;
  sessions[1].run = RecordedRun{};
  recorder.follow(views(sessions));
  EXPECT_THAT(recorder.store().all().value(), SizeIs(3));
  for (Session& session : sessions) session.ended_unix_ns = 2;
  recorder.follow(views(sessions));
  const auto all = recorder.store().all().value();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].id, "2");
  EXPECT_EQ(all[1].id, "3");
}

TEST_F(RecorderTest, ASessionThatShowsTheProbeToBeBlindIsKept) {
  Recorder recorder = recorder_in(tree_.path(), lines_);
  std::vector<Session> sessions{running("1", 10), running("2", 10), running("3", 10), running("4", 10)};
  for (Session& session : sessions) {
    session.own_exits = 10;
    session.ended_unix_ns = 2;
  }
  ReasonVerdict row;
  row.own = row.leaf = 10;
  sessions[3].reasons = {row};
  row.leaf = 20;
  sessions[0].reasons = {row};
  sessions[1].losses.cause[EL_LOSS_NO_CPU] = 1;
  sessions[2].verdict = Verdict::kDisagrees;
  recorder.follow(views(sessions));
  EXPECT_THAT(recorder.store().all().value(), SizeIs(3)) << "but for the last one, in which nothing was";
}

// On a file system of its own, so that it can be full.
TEST_F(RecorderTest, AFullDiskStopsRecordingAndSaysSoOnce) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: mounts a tmpfs";
  ASSERT_EQ(mount("none", tree_.path().c_str(), "tmpfs", 0, "size=512k"), 0);
  const Unmount unmount{tree_.path()};
  {
    Recorder recorder = recorder_in(tree_.path(), lines_, std::chrono::milliseconds{0});
    Session session = running("1", 10);
    recorder.follow(std::array{&std::as_const(session)});
    tree_.write("ballast", std::string(200 * 1024, 'x'));
    Session large = ept_session();
    large.id = "2";
    large.ended_unix_ns = 0;
    large.raw.assign(20'000, large.raw.front());
    const std::vector<Session> both{session, large};
    recorder.follow(views(both));
    recorder.follow(views(both));
    EXPECT_EQ(recorder.failed_writes(), 2U);
    EXPECT_THAT(recorder.broken_because(), HasSubstr("full"));
    EXPECT_THAT(lines_, ElementsAre(HasSubstr("not recorded until this is mended")));
    EXPECT_TRUE(recorder.store().get("1")) << "what was stored is still there";
    std::filesystem::remove(tree_.path() / "ballast");
    const std::vector<Session> smaller{session, running("2", 3)};
    recorder.follow(views(smaller));
    EXPECT_THAT(recorder.broken_because(), IsEmpty());
    EXPECT_THAT(lines_, ElementsAre(HasSubstr("not recorded"), HasSubstr("recorded again")));
    EXPECT_TRUE(recorder.store().get("2"));
  }
}

// As after a clean stop: no index of the log is there, and there is no room to make one.
TEST_F(RecorderTest, ADiskThatIsFullAtTheStartIsSaid) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: mounts a tmpfs";
  ASSERT_EQ(mount("none", tree_.path().c_str(), "tmpfs", 0, "size=512k"), 0);
  const Unmount unmount{tree_.path()};
  const auto path = tree_.path() / "sessions.db";
  {
    const auto store = Store::open(path, Store::Access::kWrite);
    ASSERT_TRUE(store) << store.error().message();
    ASSERT_TRUE((*store)->put(running("1", 10)));
  }
  std::ofstream ballast{tree_.path() / "ballast"};
  for (std::string block(4096, 'x'); ballast.good();) ballast << block << std::flush;
  const auto full = Store::open(path, Store::Access::kWrite);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ENOSPC) << full.error().message();
}

}  // namespace
}  // namespace exitledger
