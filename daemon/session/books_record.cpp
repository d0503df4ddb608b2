// SPDX-License-Identifier: MIT
// The books' part in a recording: a session that begins and ends where a person wants it to.
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "session/books.h"

namespace exitledger {
namespace {

// Each CPU's book at the instants of the reading's rounds; of what it did not ask for, just before it. The round of the
// unknown has undefined codes in it, too: what came of them since is booked as unknown.
std::vector<Counts> book_at(const Reading& reading, std::vector<Counts> before) {
  for (const Round& round : reading.rounds) {
    if (round.cpu >= before.size() || !in_both_books(round.reason)) continue;
    Counts& book = before[round.cpu];
    const unsigned index = index_of(reading.vendor, round.reason);
    const std::uint64_t had = count_of(book, reading.vendor, round.reason);
    book.at.at(index) += round.ebpf_before - had;
  }
  return before;
}

// The reader's own exits at those instants; of what it did not ask for, `now`.
Counts own_at(const Reading& reading, Counts now) {
  Counts asked;
  std::set<unsigned> indices;
  for (const Round& round : reading.rounds) {
    const unsigned index = index_of(reading.vendor, round.reason);
    if (!in_both_books(round.reason) || index == EL_INDEX_UNKNOWN) continue;
    indices.insert(index);
    asked.at.at(index) += round.own;
  }
  for (const unsigned index : indices) now.at.at(index) = asked.at.at(index);
  return now;
}

// Its zero point is the module's load, and nobody but the reader has exited since.
bool is_fresh(const Session& session) { return session.began_at_load && session.ebpf.all() <= session.own_exits; }

Result<UniqueFd> process(std::uint32_t pid) {
  if (pid == 0) return UniqueFd{};
  UniqueFd fd{static_cast<int>(syscall(SYS_pidfd_open, pid, 0))};
  if (!fd) return fail_errno("pidfd_open", fmt::format("process {}, which records", pid));
  return fd;
}

bool is_gone(const UniqueFd& process) {
  pollfd waiting{process.get(), POLLIN, 0};
  return process && poll(&waiting, 1, 0) > 0;
}

}  // namespace

// Guests may run, so that a sample of the probe's books is of no instant: a reading's rounds are.
Books::Cut Books::keep_cut() {
  newest_.reset();
  take_reading();
  look_at_vms();
  Cut cut;
  cut.now = newest_ ? newest_->after : ebpf_->sample();
  running_->update(cut.now);
  cut.by_cpu = newest_ ? book_at(newest_->reading, newest_->before) : ebpf_->counts_by_cpu();
  cut.own = newest_ ? own_at(newest_->reading, running_->own().sum()) : running_->own().sum();
  keep_ended(sum_of(cut.by_cpu), cut.own, cut.now);
  return cut;
}

// Ends the running session and begins the next with one reading: it is the last of the one and the zero point of the
// other.
void Books::cut() {
  Cut cut = keep_cut();
  RunningSession::Start start = running_->next(std::to_string(next_id_++), std::move(cut.by_cpu), std::move(cut.now));
  start.own_before = cut.own;
  running_.emplace(std::move(start));
  if (newest_)
    static_cast<void>(running_->accept(newest_->reading, newest_->before, newest_->after));
  else
    running_->leaf_is(leaf_state_, leaf_detail_);
  say(LogLevel::kInfo, fmt::format("session {} begins where {} ends", running_->session().id, ended_.back().id));
}

void Books::close() {
  if (!running_) return;
  const auto now = sample();
  if (!may_read() || !running_->moved_since_reading(*now)) return end_session(nullptr);
  static_cast<void>(keep_cut());
  running_.reset();
}

Result<Session> Books::begin_recording(RecordedRun run, std::string name, std::uint32_t recorder) {
  next_look_ = {};
  follow();
  if (auto may = may_read(); !may) return tl::unexpected{may.error()};
  if (recording_ && recording_->id == running_->session().id)
    return fail("record", name, fmt::format("session {} is being recorded: one at a time", recording_->id));
  auto watched = process(recorder);
  if (!watched) return tl::unexpected{watched.error()};
  static_cast<void>(sample());
  if (is_fresh(running_->session()))
    take_reading();  // calibrated before the command runs
  else
    cut();
  running_->record(std::move(run), std::move(name));
  recording_ = {running_->session().id, std::move(*watched)};
  static_cast<void>(sample());
  return running_->session();
}

Result<Session> Books::end_recording(const std::string& id, std::optional<int> status) {
  next_look_ = {};
  follow();
  if (running_ && running_->session().id == id && recording_) {
    running_->end_run(status);
    cut();
  }
  if (recording_ && recording_->id == id) recording_.reset();
  const auto found = std::find_if(ended_.rbegin(), ended_.rend(), [&](const Session& each) { return each.id == id; });
  if (found == ended_.rend() || !found->run) return fail("end the recording", "session " + id, "it is not recorded");
  found->run->status = status;
  return *found;
}

// A recording whose recorder is gone would go on for ever.
void Books::follow_recorder() {
  if (!recording_) return;
  if (recording_->id != running_->session().id) {
    if (is_gone(recording_->recorder)) recording_.reset();
    return;
  }
  if (!is_gone(recording_->recorder)) return;
  say(LogLevel::kWarn, fmt::format("session {}: the process that recorded it is gone, and its command's status with it",
                                   recording_->id));
  recording_.reset();
  cut();
}

bool Books::rename(const std::string& id, const std::string& name) {
  if (running_ && running_->session().id == id) {
    running_->rename(name);
    return true;
  }
  const auto found = std::find_if(ended_.begin(), ended_.end(), [&](const Session& each) { return each.id == id; });
  if (found == ended_.end()) return false;
  found->name = name;
  return true;
}

void Books::forget(const std::string& id) {
  std::erase_if(ended_, [&](const Session& each) { return each.id == id; });
}

}  // namespace exitledger
