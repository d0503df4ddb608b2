// SPDX-License-Identifier: MIT
// A command between the begin and the end of a recording, the books played.
#include "cli/recording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "session/session_json.h"
#include "session/sessions_for_tests.h"
#include "witness/temp_tree.h"

namespace exitledger::cli {
namespace {

using namespace std::chrono_literals;

/// Answers as the daemon does, and keeps what it was asked.
class PlayedBooks : public Backend {
 public:
  Result<nlohmann::json> call(const std::string& /*method*/, const std::string& path,
                              const ApiParameters& parameters) override {
    asked[path] = parameters;
    if (path == "/api/v1/record/begin") return nlohmann::json{{"id", "1"}};
    return nlohmann::json{{"session", to_json(ept_session())}};
  }
  void follow() override {
    if (meanwhile) meanwhile();
  }

  std::map<std::string, ApiParameters> asked;
  std::function<void()> meanwhile;  ///< while the command runs, twice a second
};

RecordingPlan plan_of(std::vector<std::string> command) {
  RecordingPlan plan;
  plan.command = std::move(command);
  return plan;
}

/// What `work` returns in a process of its own: signals, sessions and terminals are a process's.
int in_a_process(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The command's status, and what stopped it; -1 where it was not recorded.
int recorded(PlayedBooks& books, const std::string& script, int* stopped_by = nullptr) {
  const auto signals = StopSignals::take();
  if (!signals) return -1;
  const auto result = record(books, *signals, plan_of({"sh", "-c", script}));
  if (!result) return -1;
  if (stopped_by != nullptr) *stopped_by = result->stopped_by;
  return result->status;
}

/// Waits for `sign`, then counts SIGINT: until a second after the first.
std::string counting_script(const std::filesystem::path& sign) {
  return "n=0; trap 'n=$((n + 1))' INT; touch " + sign.string() +
         "; while [ $n = 0 ]; do sleep 0.05; done; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done; exit $n";
}

TEST(Recording, EndsWithTheCommandsStatus) {
  PlayedBooks books;
  EXPECT_EQ(in_a_process([&] { return recorded(books, "exit 37"); }), 37);
  EXPECT_EQ(in_a_process([&] {
              const auto signals = StopSignals::take();
              const auto result = record(books, *signals, plan_of({"/no/such/program"}));
              return result && books.asked.at("/api/v1/record/end").at("status") == "127" ? result->status : 1;
            }),
            127);
}

TEST(Recording, TellsOfALongCommandWhatIsKeptOfIt) {
  EXPECT_EQ(in_a_process([] {
              PlayedBooks books;
              const auto signals = StopSignals::take();
              const auto result = record(books, *signals, plan_of({"true", "\xFF", std::string(20'000, 'x')}));
              const std::string& told = books.asked.at("/api/v1/record/begin").at("command");
              return result && told.size() == kLongestCommand && told.starts_with("true '\xEF\xBF\xBD' xx") ? 0 : 1;
            }),
            0);
}

TEST(Recording, PassesOnASignalThatThisProcessAloneWasSent) {
  const TempTree tree;
  EXPECT_EQ(in_a_process([&] {
              PlayedBooks books;
              books.meanwhile = [&, done = false]() mutable {
                if (done || !std::filesystem::exists(tree.path() / "sign")) return;
                done = true;
                kill(getpid(), SIGINT);
              };
              int stopped_by = 0;
              const int count = recorded(books, counting_script(tree.path() / "sign"), &stopped_by);
              return stopped_by == SIGINT ? count : 100 + stopped_by;
            }),
            1);
}

TEST(Recording, PassesOnWhatCameBeforeTheCommand) {
  EXPECT_EQ(in_a_process([] {
              PlayedBooks books;
              const auto signals = StopSignals::take();
              kill(getpid(), SIGTERM);
              const auto result = record(books, *signals, plan_of({"sleep", "1000"}));
              return result && result->stopped_by == SIGTERM ? result->status : 1;
            }),
            128 + SIGTERM);
}

/// Makes `slave` the terminal of this process, whose group is then in its foreground.
bool take_terminal(int slave) { return setsid() > 0 && ioctl(slave, TIOCSCTTY, 0) == 0; }

TEST(Recording, AKeyOfTheTerminalReachesTheCommandOnce) {
  const TempTree tree;
  int master = -1, slave = -1;
  ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  EXPECT_EQ(in_a_process([&] {
              if (!take_terminal(slave)) return 90;
              PlayedBooks books;
              books.meanwhile = [&, done = false]() mutable {
                if (done || !std::filesystem::exists(tree.path() / "sign")) return;
                done = write(master, "\x03", 1) == 1;
                std::this_thread::sleep_for(300ms);  // the command has counted it
              };
              int stopped_by = 0;
              const int count = recorded(books, counting_script(tree.path() / "sign"), &stopped_by);
              return stopped_by == SIGINT ? count : 100 + stopped_by;
            }),
            1);
  close(master);
  close(slave);
}

TEST(StopSignals, TellAKeyFromASignal) {
  int master = -1, slave = -1;
  ASSERT_EQ(openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  EXPECT_EQ(in_a_process([&] {
              if (!take_terminal(slave)) return 90;
              const auto signals = StopSignals::take();
              if (signals->read()) return 1;
              kill(getpid(), SIGINT);
              const auto sent = signals->read();
              if (!sent || sent->number != SIGINT || sent->of_a_key) return 2;
              constexpr char kQuit = 0x1C;  // Control and backslash
              if (write(master, &kQuit, 1) != 1) return 3;
              for (int i = 0; i < 100; ++i) {
                if (const auto key = signals->read()) return key->number == SIGQUIT && key->of_a_key ? 0 : 4;
                std::this_thread::sleep_for(20ms);
              }
              return 5;
            }),
            0);
  close(master);
  close(slave);
}

TEST(StopSignals, LeaveAloneWhatIsIgnored) {
  EXPECT_EQ(in_a_process([] {
              std::signal(SIGHUP, SIG_IGN);
              const auto signals = StopSignals::take();
              kill(getpid(), SIGHUP);
              if (signals->read()) return 1;
              kill(getpid(), SIGTERM);
              const auto stop = signals->read();
              return stop && stop->number == SIGTERM ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace exitledger::cli
