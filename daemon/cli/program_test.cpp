// SPDX-License-Identifier: MIT
// The program as a shell runs it, with a stdout or stderr that cannot be written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "cli/program_for_tests.h"
#include "cli/streams.h"

namespace exitledger::cli {
namespace {

using testing::MatchesRegex;

/// A daemon on the socket $d/s, its log to /dev/full; then the script; then it is stopped and its status printed.
std::string with_daemon(const std::string& script) {
  return R"("$exitledger" serve --api.socket "$d/s" --storage.path "$d/db" --web.listen-address 127.0.0.1:0 2>/dev/full &
daemon=$!
for i in $(seq 100); do "$exitledger" sessions list --api.socket "$d/s" --storage.path '' >/dev/null 2>&1 && break; sleep 0.1; done
)" + script +
         R"(
kill -TERM $daemon; wait $daemon; echo "daemon $?")";
}

TEST(Program, AnAnswerThatCannotBeWrittenIsAFailure) {
  for (const char* what : {"--version", "--help", "sessions export --help"}) {
    const Ran ran = shell(std::string("\"$exitledger\" ") + what + " 2>&1 >/dev/full");
    EXPECT_EQ(ran.status, 2) << what;
    EXPECT_EQ(ran.output, "exitledger: write stdout: No space left on device\n") << what;
  }
  EXPECT_EQ(shell("\"$exitledger\" --version >/dev/null").status, 0);
}

TEST(Program, ADaemonOutlivesItsLogAndAnExportThatIsLostSaysSo) {
  const Ran ran = shell(with_daemon(R"("$exitledger" sessions export --api.socket "$d/s" 2>&1 >/dev/full
echo "export $?")"));
  EXPECT_THAT(ran.output, MatchesRegex("exitledger: [^\n]*No space left on device\nexport 2\ndaemon 0\n"));
}

/// What systemd does with a .socket unit of a TCP and a unix socket: binds both, passes them as descriptors 3 and 4.
constexpr const char* kSocketActivation = R"(
cat >"$d/activate.py" <<'END'
import os, socket, sys
unix = socket.socket(socket.AF_UNIX); unix.bind(sys.argv[2]); unix.listen()
tcp = socket.socket(); tcp.bind(("127.0.0.1", 0)); tcp.listen()
print(tcp.getsockname()[1], flush=True)
tcp_high, unix_high = os.dup(tcp.fileno()), os.dup(unix.fileno())
os.dup2(tcp_high, 3); os.dup2(unix_high, 4)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
os.execv(sys.argv[1], [sys.argv[1], "serve", "--web.systemd-socket", "--storage.path", ""])
END
python3 "$d/activate.py" "$exitledger" "$d/s" >"$d/port" 2>"$d/log" &
daemon=$!
for i in $(seq 100); do "$exitledger" sessions list --api.socket "$d/s" --storage.path '' >/dev/null 2>&1 && break; sleep 0.1; done
"$exitledger" sessions list --api.socket "$d/s" >/dev/null; echo "unix $?"
curl -sf "http://127.0.0.1:$(cat "$d/port")/-/healthy" >/dev/null; echo "tcp $?"
curl -s -o /dev/null -w 'post over tcp %{http_code}\n' -X POST "http://127.0.0.1:$(cat "$d/port")/api/v1/hold"
kill -TERM $daemon; wait $daemon; echo "daemon $?"
[ -S "$d/s" ]; echo "the file stays $?"
grep -c 'listening on' "$d/log"
)";

TEST(Program, ServesTheSocketsThatSystemdPasses) {
  EXPECT_EQ(shell(kSocketActivation).output, "unix 0\ntcp 0\npost over tcp 403\ndaemon 0\nthe file stays 0\n2\n");
}

TEST(Program, SystemdSocketsThatAreNotThereEndIt) {
  const Ran ran = shell("\"$exitledger\" serve --web.systemd-socket --storage.path '' 2>&1");
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.output,
              MatchesRegex("exitledger: [^\n]*--web.systemd-socket is for a service with a .socket unit\n"));
}

// The probe's capabilities stay; as who tests are run, all others are there before.
TEST(Program, DropsTheCapabilitiesThatItDoesNotNeedAnyMore) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const Ran ran =
      shell(with_daemon("grep CapEff /proc/$daemon/status; "
                        "\"$exitledger\" status --json --api.socket \"$d/s\" | grep -o '\"attached\": true'"));
  if (ran.output.find("\"attached\": true") == std::string::npos) GTEST_SKIP() << "no KVM to attach to: " << ran.output;
  EXPECT_THAT(ran.output, testing::HasSubstr("CapEff:\t000000c000000000\n"));
}

TEST(Program, AnExperimentThatCannotBeIsRefusedBeforeTheHostIsLookedAt) {
  const Ran ran =
      shell("\"$exitledger\" experiment --modes ept,ept --storage.path '' --api.socket \"$d/s\" -- true 2>&1");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.output, "exitledger: plan --modes: ept comes twice: --repeat says how often each mode is run\n");
}

TEST(Streams, ALogThatCannotBeWrittenThrowsNothing) {
  const int before = ::dup(STDERR_FILENO);
  std::FILE* const full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  ::dup2(::fileno(full), STDERR_FILENO);
  log_line("nobody reads this");
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  (void)std::fclose(full);
  EXPECT_TRUE(flush_stdout());
}

}  // namespace
}  // namespace exitledger::cli
