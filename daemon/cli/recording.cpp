// SPDX-License-Identifier: MIT
#include "cli/recording.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "base/utf8.h"
#include "cli/streams.h"
#include "session/session_json.h"

namespace exitledger::cli {
namespace {

constexpr int kFollowMs = 500;

// Until the command has ended; signals go on to it, unless the terminal has seen to that.
Result<int> wait_for(Command& command, Backend& backend, const StopSignals& signals, int& stopped_by) {
  const auto take = [&](bool was_there) {
    const auto stop = signals.read();
    if (!stop) return;
    stopped_by = stop->number;
    if (!(was_there && stop->of_a_key && command.is_in_our_group())) command.signal(stop->number);
  };
  take(false);  // what came before the command was there has not reached it
  for (;;) {
    std::array<pollfd, 2> fds{{{command.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), kFollowMs) < 0 && errno != EINTR) return fail_errno("poll", "the command");
    if (fds[0].revents != 0) return command.wait();
    take(true);
    backend.follow();
  }
}

Result<int> run(Backend& backend, const StopSignals& signals, const RecordingPlan& plan, int& stopped_by) {
  auto command = Command::start(plan.command, plan.environment);
  if (command) return wait_for(*command, backend, signals, stopped_by);
  log_line(command.error().message());
  return command.error().code == ENOENT ? kNotFound : kNotExecutable;
}

ApiParameters parameters_of(const RecordingPlan& plan) {
  ApiParameters parameters{{"command", valid_utf8(quoted(plan.command), kLongestCommand)},
                           {"recorder", std::to_string(getpid())}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) parameters[key] = value;
  };
  add("name", plan.name);
  add("experiment", plan.experiment);
  add("mode", plan.mode);
  if (plan.number > 0) parameters["number"] = std::to_string(plan.number);
  return parameters;
}

}  // namespace

Result<StopSignals> StopSignals::take() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    struct sigaction now {};
    // One that is ignored would be queued as soon as it is blocked.
    if (sigaction(number, nullptr, &now) != 0) return fail_errno("sigaction", "stop signals");
    if (now.sa_handler != SIG_IGN) sigaddset(&set, number);
  }
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return fail_errno("sigprocmask", "stop signals");
  // Whoever stops reading our messages must not keep the session from being stored.
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) return fail_errno("signal", "SIGPIPE");
  UniqueFd fd{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!fd) return fail_errno("signalfd", "stop signals");
  return StopSignals{std::move(fd)};
}

std::optional<StopSignal> StopSignals::read() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  const int number = static_cast<int>(info.ssi_signo);
  // Of a terminal that is gone, the kernel tells the session's leader alone (SIGHUP).
  return StopSignal{number, info.ssi_code == SI_KERNEL && (number == SIGINT || number == SIGQUIT)};
}

Result<RecordingResult> record(Backend& backend, const StopSignals& signals, const RecordingPlan& plan) {
  const auto begun = backend.call("POST", "/api/v1/record/begin", parameters_of(plan));
  if (!begun) return tl::unexpected{begun.error()};
  const std::string id = begun->at("id").get<std::string>();
  RecordingResult result;
  const auto status = run(backend, signals, plan, result.stopped_by);
  ApiParameters end{{"id", id}};
  if (status) end["status"] = std::to_string(*status);
  const auto ended = backend.call("POST", "/api/v1/record/end", end);
  if (!status) return tl::unexpected{status.error()};
  result.status = *status;
  if (!ended) {
    log_line(fmt::format("the command's status was {}", *status));
    return tl::unexpected{ended.error()};
  }
  auto session = session_from_json(ended->at("session"));
  if (!session) return tl::unexpected{session.error()};
  if (const auto why = ended->value("not_stored", std::string{}); !why.empty()) {
    // A daemon goes on trying; books of one's own end with this command.
    if (backend.own_books()) return fail("store", "session " + session->id, why);
    log_line(fmt::format("session {} is not stored yet: {}", session->id, why));
  }
  result.session = std::move(*session);
  return result;
}

std::string summary(const RecordingResult& result) {
  const Session& session = result.session;
  std::string text = fmt::format("session {}{}: {} exits, {}{}{}", session.id,
                                 session.name.empty() ? "" : " '" + session.name + "'", grouped(session.ebpf.all()),
                                 to_string(session.verdict), session.why.empty() ? "" : ": ", session.why);
  if (result.status != 0) text += fmt::format("; the command's status is {}", result.status);
  if (result.cut_short())
    text += "; the vendor module was reloaded before the command ended: what came after is not in it";
  return text;
}

}  // namespace exitledger::cli
