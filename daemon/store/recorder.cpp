// SPDX-License-Identifier: MIT
#include "store/recorder.h"

#include <algorithm>

namespace exitledger {

// An eBPF book without a guest's exit is no proof that there was none: not where the leaf had one, or events were lost.
bool is_empty(const Session& session) {
  const bool silent = session.verdict != Verdict::kDisagrees && session.losses.total() == 0 &&
                      std::all_of(session.reasons.begin(), session.reasons.end(),
                                  [](const ReasonVerdict& row) { return row.leaf <= row.own; });
  return !session.run && session.name.empty() && session.ebpf.all() <= session.own_exits && silent;
}

bool Recorder::is_due(const Session& session) const {
  const auto found = written_.find(session.id);
  if (found == written_.end()) return true;
  const Written& last = found->second;
  if (last.ended) return session.run && session.run->status != last.status;
  if (!session.running() || session.rounds != last.rounds) return true;
  return session.ebpf.all() != last.exits && std::chrono::steady_clock::now() - last.at >= interval_;
}

Result<void> Recorder::write(const Session& session) {
  if (session.running() || !is_empty(session)) return store_->put(session);
  const auto found = written_.find(session.id);
  return found == written_.end() ? Result<void>{} : store_->remove(session.id);
}

void Recorder::note(const Result<void>& done) {
  if (done) {
    if (!broken_because_.empty() && log_) log_(LogLevel::kWarn, "sessions are recorded again");
    broken_because_.clear();
    return;
  }
  ++failed_writes_;
  const std::string because = done.error().message();
  if (because != broken_because_ && log_)
    log_(LogLevel::kError, because + ": sessions are not recorded until this is mended; counting and serving go on");
  broken_because_ = because;
}

bool Recorder::wants_sample() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_sample_) return false;
  next_sample_ = now + interval_;
  return true;
}

Result<void> Recorder::keep(const Session& session) {
  auto done = write(session);
  note(done);
  if (done)
    written_[session.id] = {session.rounds, session.ebpf.all(), !session.running(),
                            session.run ? session.run->status : std::nullopt, std::chrono::steady_clock::now()};
  return done;
}

void Recorder::follow(std::span<const Session* const> sessions) {
  for (const Session* each : sessions)
    if (is_due(*each) && !keep(*each)) return;
  std::erase_if(written_, [&](const auto& each) {
    return std::none_of(sessions.begin(), sessions.end(), [&](const Session* s) { return s->id == each.first; });
  });
}

}  // namespace exitledger
