// SPDX-License-Identifier: MIT
#include "session/books.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "session/running.h"

namespace exitledger {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kAttachRetry{5};
constexpr std::chrono::milliseconds kLook{1000}, kSoon{10};
constexpr std::chrono::seconds kInitialisation{10};  // of a module, at most: then it is not to be expected any more

}  // namespace

Books::Books(BooksOptions options, Log log)
    : options_(std::move(options)), log_(std::move(log)), other_vendor_(log_), next_id_(options_.first_id) {}

void Books::say(LogLevel level, const std::string& line) const {
  if (log_) log_(level, line);
}

int Books::event_fd() const { return ebpf_ ? ebpf_->event_fd() : -1; }
std::chrono::milliseconds Books::patience() const {
  const std::vector<Boundary> loads = running_ ? std::vector<Boundary>{} : new_loads();
  // One that never comes into service, because the processor refuses it, is not waited for.
  const auto waits = [&] {
    return std::chrono::nanoseconds{monotonic_now_ns() - loads.back().time_ns} < kInitialisation;
  };
  return !loads.empty() && waits() ? kSoon : kLook;
}

std::string_view Books::death_hook() const { return ebpf_ ? ebpf_->death_hook() : "none"; }
std::vector<ProgramHealth> Books::programs() const { return ebpf_ ? ebpf_->programs() : std::vector<ProgramHealth>{}; }
std::vector<el_answer> Books::guest_answers() const {
  return ebpf_ ? ebpf_->guest_answers() : std::vector<el_answer>{};
}

std::vector<el_answer> Books::different_answers() const {
  return ebpf_ ? ebpf_->different_answers() : std::vector<el_answer>{};
}

void Books::follow() {
  const std::vector<el_event> events = ebpf_ ? ebpf_->drain() : std::vector<el_event>{};  // the truth is in the maps
  const auto retired = [](const el_event& event) { return event.kind == EL_EVENT_SLOT_RETIRED; };
  if (std::any_of(events.begin(), events.end(), retired)) ebpf_->fold();
  for (const el_event& event : events)
    if (event.kind == EL_EVENT_DIFFERENT_ANSWER)
      say(LogLevel::kError, fmt::format("a guest was told another count than the eBPF book's (number {}): exitledger "
                                        "check --guests shows it",
                                        event.id));
  // Loads before what sysfs says: parameters that are newer than the load are caught by the next look, older ones would
  // label a session wrongly.
  const std::vector<Boundary> loads = new_loads();
  if (!look_at_modules(!loads.empty())) return;
  attach_if_possible();
  other_vendor_.follow(modules_);
  if (!ebpf_) return;
  follow_loads(loads);
  if (!running_) return;
  look_at_vms();
  follow_recorder();
  const auto now = Clock::now();
  if (now < next_reading_ || !may_read()) return;
  next_reading_ = now + options_.leaf_interval;
  const ProbeSample sample = ebpf_->sample();
  running_->update(sample);
  if (running_->moved_since_reading(sample)) take_reading();
}

// Names while their processes live; what VMs that died have counted.
void Books::look_at_vms() {
  const std::vector<VmSample> living = ebpf_->living_vms();
  names_.follow(living);
  for (const VmSample& vm : living)
    if (!vm.own) running_->vms().meet(vm.id, names_.of(vm.id));
  running_->vms().look(ebpf_->take_dead_vms());
}

// At most once per kLook unless something happened: it opens a file per parameter.
bool Books::look_at_modules(bool now) {
  if (!now && Clock::now() < next_look_) return true;
  next_look_ = Clock::now() + kLook;
  auto modules = read_modules(options_.probe.sys);
  if (!modules) {
    if (detached_because_ != modules.error().message())
      say(LogLevel::kWarn, detached_because_ = modules.error().message());
    return false;
  }
  modules_ = *modules;
  return true;
}

// Loads of the module that is in service, or that the session is of. A vendor's module that the processor refuses is
// loaded, too, and reset no counter.
std::vector<Boundary> Books::new_loads() const {
  if (!ebpf_) return {};
  std::vector<Boundary> loads = ebpf_->boundaries_since(boundary_seen_);
  const auto vendor = running_ ? std::optional{running_->session().vendor} : modules_.vendor;
  std::erase_if(loads, [&](const Boundary& load) { return vendor && load.vendor != *vendor; });
  return loads;
}

void Books::follow_loads(const std::vector<Boundary>& loads) {
  if (running_ && (!loads.empty() || !modules_.vendor)) {
    if (!loads.empty() && loads.front().serial > boundary_seen_ + 1)
      running_->cannot_trust("loads of the vendor module followed each other so fast that its end was not seen");
    end_session(loads.empty() ? nullptr : &loads.front());
  }
  if (running_ || !modules_.vendor || !modules_.paging) return;
  if (loads.size() > 1)
    say(LogLevel::kWarn,
        fmt::format("{} load{} of {} came and went before anybody looked: {} exits are in no session", loads.size() - 1,
                    loads.size() == 2 ? "" : "s", module_name(*modules_.vendor), loads.size() == 2 ? "its" : "their"));
  begin_session(*modules_.vendor, *modules_.paging, loads.empty() ? nullptr : &loads.back());
  if (!loads.empty()) boundary_seen_ = loads.back().serial;
}

void Books::attach_if_possible() {
  if (ebpf_ || Clock::now() < next_attach_) return;
  if (!modules_.kvm) {
    const std::string because = "no KVM module is loaded: waiting for one";
    if (detached_because_ != because) say(LogLevel::kWarn, detached_because_ = because);
    return;
  }
  auto attached = EbpfWitness::attach(options_.probe);
  if (!attached) {
    next_attach_ = Clock::now() + kAttachRetry;
    if (detached_because_ != attached.error().message())
      say(LogLevel::kWarn, detached_because_ = attached.error().message());
    return;
  }
  ebpf_ = std::move(*attached);
  detached_because_.clear();
  boundary_seen_ = 0;
  losses_at_rest_ = ebpf_->sample().losses;
  say(LogLevel::kInfo, fmt::format("attached to kvm:kvm_exit; vCPU death hook: {}", ebpf_->death_hook()));
  if (!ebpf_->no_typed_reads_why().empty())
    say(LogLevel::kWarn, "exits are dearer than they need be: " + ebpf_->no_typed_reads_why());
  if (!ebpf_->no_split_why().empty())
    say(LogLevel::kWarn, "time out of the guest is not split: " + ebpf_->no_split_why());
  if (!ebpf_->death_hook_why().empty()) say(LogLevel::kWarn, "no better vCPU death hook: " + ebpf_->death_hook_why());
}

void Books::begin_session(Vendor vendor, Paging paging, const Boundary* boundary) {
  RunningSession::Start start;
  start.id = std::to_string(next_id_++);
  start.vendor = vendor;
  start.paging = paging;
  if (boundary != nullptr) start.boundary = *boundary;
  start.parameters = modules_.parameters;
  start.keeps_time = options_.probe.time;
  start.older_vcpus = boundary == nullptr && !ebpf_->saw_all_births();
  const auto changed = ebpf_->refresh_layout(vendor);
  start.by_cpu = ebpf_->counts_by_cpu();
  start.now = ebpf_->sample();
  ebpf_->session_began_at(boundary != nullptr ? boundary->serial : 0);
  if (boundary == nullptr)
    if (const auto sums = ebpf_->kvm_stats(0)) {
      start.slotless = sums->slotless;
      start.mmu = sums->mmu;
    }
  start.losses_before = boundary != nullptr ? losses_at_rest_ : start.now.losses;
  if (!changed) {
    start.unproven = "the exit reason's place is not known: " + changed.error().message();
  } else if (*changed && boundary != nullptr) {
    if (start.now.counts.all() != sum_of(boundary->by_cpu).all() && layout_known_)
      start.unproven = "the vendor module's layout changed and exits were counted before that was noticed";
  }
  if (changed) layout_known_ = true;
  running_.emplace(std::move(start));
  leaf_host_.reset();
  said_disagrees_ = said_beyond_ = false;
  say(LogLevel::kInfo,
      fmt::format("session {} begins: {} with {} paging{}", running_->session().id, module_name(vendor),
                  to_string(paging), boundary != nullptr ? "" : " (loaded before the probe attached)"));
  said_stats_disagree_ = false;
  find_leaf();
  next_reading_ = Clock::now();
}

void Books::end_session(const Boundary* next) {
  ProbeSample sample = ebpf_->sample();
  if (next != nullptr) {
    sample.losses = next->losses;
    sample.hypercalls = next->hypercalls;
  }
  if (recording_ && recording_->id == running_->session().id) running_->cut_run_short();
  look_at_vms();
  const auto next_load = next != nullptr ? std::optional{next->serial} : std::nullopt;
  if (const auto sums = ebpf_->kvm_stats(running_->load(), next_load)) running_->mmu(*sums);
  running_->update(sample);
  const Counts at_end = next != nullptr ? sum_of(next->by_cpu) : sample.counts;
  keep_ended(at_end, running_->own().sum(), sample);
  if (const std::uint64_t late = sample.counts.all() - at_end.all(); late > 0)
    say(LogLevel::kInfo,
        fmt::format("{} exits came between the load and its notice: they are the next session's, their durations are "
                    "booked under {} paging",
                    late, to_string(ended_.back().paging)));
  losses_at_rest_ = sample.losses;
  running_.reset();
  leaf_state_ = LeafState::kAbsent;
  leaf_detail_ = "no KVM vendor module is loaded";
}

void Books::keep_ended(const Counts& at_end, const Counts& own, const ProbeSample& sample) {
  ended_.push_back(running_->finish(at_end, own));
  add(totals_[running_->session().paging], *running_, sample);
  if (ended_.size() > kSessionsKept) ended_.pop_front();
  const Session& session = ended_.back();
  const bool wrong = session.verdict == Verdict::kDisagrees || !session.laws_broken.empty();
  say(wrong ? LogLevel::kError : LogLevel::kInfo,
      fmt::format("session {} ends: {} exits, {} of them judged, verdict: {}{}{}", session.id, session.ebpf.all(),
                  judged_exits(session), to_string(session.verdict), session.why.empty() ? "" : ": ", session.why));
}

std::optional<ProbeSample> Books::sample(bool each_vcpu) {
  if (!ebpf_) return std::nullopt;
  ProbeSample sample = ebpf_->sample(each_vcpu);
  if (running_) {
    look_at_vms();
    running_->update(sample);
  }
  return sample;
}

std::vector<Session> Books::sessions() const {
  std::vector<Session> all(ended_.begin(), ended_.end());
  if (running_) all.push_back(running_->session());
  return all;
}

std::vector<const Session*> Books::views() const {
  std::vector<const Session*> all;
  for (const Session& each : ended_) all.push_back(&each);
  if (running_) all.push_back(&running_->session());
  return all;
}

std::map<Paging, PagingBooks> Books::totals(const std::optional<ProbeSample>& now) const {
  std::map<Paging, PagingBooks> all = totals_;
  if (now && running_) add(all[running_->session().paging], *running_, *now);
  return all;
}

}  // namespace exitledger
