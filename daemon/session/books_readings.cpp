// SPDX-License-Identifier: MIT
// The books' readings of the leaf: whether there is one, each reading and its verdict, and when there may be none.
#include <fmt/format.h>

#include <cerrno>

#include "microvm/cpu_pin.h"
#include "session/books.h"
#include "session/running.h"

namespace exitledger {
namespace {

using Clock = std::chrono::steady_clock;

// Whether another reading could say more.
bool settled(const Session& session) {
  return session.verdict == Verdict::kAgrees || session.verdict == Verdict::kDisagrees ||
         session.leaf != LeafState::kPresent;
}

}  // namespace

// Whether this host has the leaves: asked once per session, since a module of another make may have come.
void Books::find_leaf() {
  leaf_state_ = LeafState::kPresent;
  leaf_detail_.clear();
  if (!options_.read_leaf) {
    leaf_state_ = LeafState::kAbsent;
    leaf_detail_ = "reading the leaf is switched off";
  } else if (const auto support = leaf_support(options_.leaf); !support) {
    leaf_state_ = LeafState::kFailed;
    leaf_detail_ = support.error().message();
  } else if (*support == LeafSupport::kNoKvm) {
    leaf_state_ = LeafState::kFailed;
    leaf_detail_ = options_.leaf.device + ": nobody serves it here";
  } else if (*support != LeafSupport::kPatched) {
    leaf_state_ = LeafState::kAbsent;
    leaf_detail_ = "this KVM is not patched (KVM_CHECK_EXTENSION 0x4FFFFFFE is 0)";
  }
  if (leaf_state_ != LeafState::kPresent) {
    running_->leaf_is(leaf_state_, leaf_detail_);
    say(options_.read_leaf ? LogLevel::kWarn : LogLevel::kInfo,
        fmt::format("leaf {}: {}", to_string(leaf_state_), leaf_detail_));
  }
}

void Books::take_reading() {
  if (options_.read_leaf) calibrate_first();
  const auto before = look_at_stats();
  const auto passes = leaf_state_ == LeafState::kAbsent ? std::nullopt : read_leaf();
  judge_stats(before, passes);
}

// The passes that it tells; nullopt: it could not be read.
std::optional<std::uint64_t> Books::read_leaf() {
  const std::vector<Counts> before = ebpf_->counts_by_cpu();
  const auto reading = sweep_booked();
  const ProbeSample after = ebpf_->sample();
  Verdict verdict = Verdict::kCannotTell;
  if (reading) {
    leaf_state_ = LeafState::kPresent;
    leaf_detail_.clear();
    verdict = running_->accept(*reading, before, after);
    newest_ = {*reading, before, after};
    if (reading->time.obstacle.empty()) count_time();
  } else {
    const std::string because = reading.error().message();
    if (leaf_detail_ != because) say(LogLevel::kWarn, "leaf: " + because);
    leaf_state_ = reading.error().code == EPERM ? LeafState::kRefused : LeafState::kFailed;
    leaf_detail_ = because;
    running_->leaf_is(leaf_state_, leaf_detail_);
    running_->update(after);
  }
  ++rounds_by_verdict_[verdict];
  if (verdict == Verdict::kDisagrees && !said_disagrees_)
    say(LogLevel::kError, fmt::format("the books disagree: {}", running_->session().why));
  said_disagrees_ = verdict == Verdict::kDisagrees;
  say(LogLevel::kDebug, fmt::format("a reading of the leaf: {}", to_string(verdict)));
  return reading ? std::optional{reading->passes} : std::nullopt;
}

Result<void> Books::know_leaf_host() {
  if (leaf_host_) return {};
  auto host = leaf_host([this](std::span<const LeafQuery> queries) { return ask_booked(queries); });
  if (!host) return tl::unexpected{host.error()};
  leaf_host_ = std::move(*host);
  return {};
}

Result<Reading> Books::sweep_booked() {
  if (auto known = know_leaf_host(); !known) return tl::unexpected{known.error()};
  return sweep(options_.leaf, *leaf_host_, *ebpf_, running_->own(), no_time());
}

Result<std::vector<LeafAnswer>> Books::ask_booked(std::span<const LeafQuery> queries) {
  const auto cpus = usable_cpus();
  if (!cpus) return tl::unexpected{cpus.error()};
  auto paired = ask_paired(options_.leaf, *ebpf_, running_->own(), queries, cpus->front());
  if (!paired) return tl::unexpected{paired.error()};
  std::vector<LeafAnswer> answers;
  for (const PairedAnswer& answer : *paired) answers.push_back(answer.leaf);
  return answers;
}

Result<std::vector<LeafAnswer>> Books::ask(std::span<const LeafQuery> queries) {
  if (auto may = may_read(); !may) return tl::unexpected{may.error()};
  return ask_booked(queries);
}

void Books::hold(std::chrono::seconds duration) { held_until_ = Clock::now() + duration; }

Result<void> Books::may_read() const {
  if (!running_)
    return fail("read the leaf", "of this host", attached() ? "no KVM vendor module is loaded" : detached_because_);
  if (const auto left = held_until_ - Clock::now(); left > Clock::duration::zero())
    return fail("read the leaf", "of this host",
                fmt::format("readings are held for {} s more, so that modules can be reloaded",
                            std::chrono::ceil<std::chrono::seconds>(left).count()));
  return {};
}

Result<Session> Books::judge(unsigned rounds) {
  // What follow() would read because it is due is read below.
  next_look_ = {};
  next_reading_ = Clock::now() + options_.leaf_interval;
  follow();
  if (auto may = may_read(); !may) return tl::unexpected{may.error()};
  for (unsigned i = 0; i < (rounds == 0 ? kEnough : rounds); ++i) {
    if (options_.go_on && !options_.go_on()) return fail("judge", "the running session", "the daemon is stopping");
    take_reading();
    if (rounds == 0 && settled(running_->session())) break;
  }
  next_reading_ = Clock::now() + options_.leaf_interval;
  running_->update(ebpf_->sample());
  return running_->session();
}

}  // namespace exitledger
