// SPDX-License-Identifier: MIT
// exitledger experiment: a command under paging modes in turns.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <cerrno>
#include <ctime>

#include "cli/commands.h"
#include "cli/experiment_plan.h"
#include "cli/recording.h"
#include "cli/streams.h"
#include "experiment/command.h"
#include "experiment/guardian.h"
#include "experiment/module_file.h"
#include "experiment/vendor_module.h"
#include "witness/module.h"

namespace exitledger::cli {
namespace {

constexpr const char* kSys = "/sys";
constexpr std::chrono::seconds kPatienceForVms{20};  // that are ending
constexpr const char* kHoldSeconds = "600";
constexpr const char* kLock = "/run/exitledger-experiment.lock";

/// What is measured, on what, and what the module was like before.
struct Setting {
  ExperimentPlan plan;
  Vendor vendor = Vendor::kVmx;
  Parameters original;

  /// Loads the module; `patience` as in exitledger::reload().
  [[nodiscard]] Reload reload(std::optional<std::chrono::milliseconds> patience = kPatienceForVms) const {
    return [vendor = vendor, patience](const Parameters& wanted) {
      return exitledger::reload(kSys, vendor, wanted, patience);
    };
  }
  [[nodiscard]] Result<void> restore(std::optional<std::chrono::milliseconds> patience) const {
    return exitledger::restore(original, paging_parameter(vendor), reload(patience));
  }
};

Result<Setting> look(const ExperimentOptions& options) {
  auto plan = plan_experiment(options, std::time(nullptr));
  if (!plan) return tl::unexpected{plan.error()};
  const auto modules = read_modules(kSys);
  if (!modules) return tl::unexpected{modules.error()};
  if (!modules->vendor) return fail("experiment", "on this host", "no KVM vendor module is loaded");
  if (!is_loadable(kSys, *modules->vendor))
    return fail("reload", std::string{module_name(*modules->vendor)},
                "it is built into the kernel: its parameters stand on the kernel's command line");
  auto original = parameters_of(kSys, *modules->vendor);
  if (!original) return tl::unexpected{original.error()};
  if (auto right = check_on(*plan, *modules->vendor, *original); !right) return tl::unexpected{right.error()};
  return Setting{std::move(*plan), *modules->vendor, std::move(*original)};
}

// What modprobe finds is what every run would have, and what the host would be left with.
Result<void> finds_the_loaded_one(Vendor vendor) {
  const auto found = module_file(kSys, vendor);
  if (!found) return tl::unexpected{found.error()};
  if (found->match == ModuleFile::Match::kUnknown)
    log_line(fmt::format("whether modprobe finds the {} that is loaded cannot be told: {}", module_name(vendor),
                         found->why));
  if (found->match != ModuleFile::Match::kOther) return {};
  return fail(
      "reload", std::string{module_name(vendor)},
      fmt::format("modprobe would load {}, which is another than the one that is loaded (by their build IDs): install "
                  "that one below /lib/modules/$(uname -r)/updates and run depmod",
                  found->file));
}

// The daemon's micro guest would hold the module while it is being reloaded.
Result<void> hold(Backend& backend, bool on) {
  if (const auto held = backend.call("POST", "/api/v1/hold", {{"seconds", on ? kHoldSeconds : "0"}}); !held)
    return tl::unexpected{held.error()};
  return {};
}

// A daemon that reads its leaf just now has KVM open, and is none that anybody must end.
Result<void> nothing_runs(const Common& common) {
  const auto daemon = daemon_backend(common);
  if (!daemon) return tl::unexpected{daemon.error()};
  if (*daemon)
    if (auto held = hold(**daemon, true); !held) return held;
  const auto holders = kvm_holders("/proc");
  if (*daemon)
    if (auto free = hold(**daemon, false); !free) return free;
  if (holders.empty()) return {};
  return fail("reload", "the vendor module", "KVM is in use: " + describe(holders) + "; end that first");
}

/// Books of one's own look after each load: a second one before that would be a load that nobody saw.
Reload seen_by(Backend& backend, Reload reload) {
  return [&backend, reload = std::move(reload)](const Parameters& wanted) {
    auto actual = reload(wanted);
    backend.follow();
    return actual;
  };
}

// The books, once they have no session of any run's name.
Result<std::unique_ptr<Backend>> books_for(const Common& common, const ExperimentPlan& plan) {
  auto backend = recording_backend(common);
  if (!backend) return backend;
  const auto kept = (*backend)->call("GET", "/api/v1/sessions", {{"raw", "0"}});
  if (!kept) return tl::unexpected{kept.error()};
  if (auto free = check_names(plan, kept->at("sessions")); !free) return tl::unexpected{free.error()};
  return backend;
}

class Experiment {
 public:
  Experiment(const Setting& setting, std::vector<std::string> command, Backend& backend, const StopSignals& signals)
      : setting_(setting), command_(std::move(command)), backend_(backend), signals_(signals) {}

  Result<int> run() {
    if (auto held = hold(backend_, true); !held) return tl::unexpected{held.error()};
    auto by_hand =
        set_by_hand(setting_.original, paging_parameter(setting_.vendor), seen_by(backend_, setting_.reload()));
    if (!by_hand) return tl::unexpected{by_hand.error()};
    by_hand_ = std::move(by_hand->others);
    for (const auto& [name, value] : setting_.plan.asked) by_hand_.erase(name);
    for (const PlannedRun& planned : setting_.plan.runs) {
      const auto begin = std::chrono::steady_clock::now();
      if (auto loaded = load_for(planned); !loaded) return tl::unexpected{loaded.error()};
      if (const auto stop = signals_.read()) return 128 + stop->number;
      const auto result = record(backend_, signals_, recording_of(planned));
      if (!result) return tl::unexpected{result.error()};
      if (result->status != 0 || result->cut_short()) ++failed_;
      done_.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin));
      tell(planned, *result);
      if (result->stopped_by != 0) return 128 + result->stopped_by;
      if (const auto stop = signals_.read()) return 128 + stop->number;
    }
    return failed_ == 0 ? 0 : 1;
  }

 private:
  // What was asked for must take. What was set by hand took before: where it does not now, that is the mode's doing.
  Result<void> load_for(const PlannedRun& planned) {
    Parameters asked = *mode_parameters(setting_.vendor, *paging_from(planned.mode));
    asked.insert(setting_.plan.asked.begin(), setting_.plan.asked.end());
    Parameters all = asked;
    all.insert(by_hand_.begin(), by_hand_.end());
    if (auto held = hold(backend_, true); !held) return held;
    const auto actual = seen_by(backend_, setting_.reload())(all);
    if (!actual) return tl::unexpected{actual.error()};
    if (auto right = took(asked, *actual); !right) return right;
    if (planned.number == 1)
      for (const auto& [name, value] : different(by_hand_, *actual))
        log_line(fmt::format("{}={}, as it was before, does not take with {} paging", name, value, planned.mode));
    return hold(backend_, false);
  }

  [[nodiscard]] RecordingPlan recording_of(const PlannedRun& planned) const {
    RecordingPlan plan;
    plan.name = setting_.plan.name_of(planned);
    plan.experiment = setting_.plan.name;
    plan.mode = planned.mode;
    plan.number = planned.number;
    plan.command = command_;
    plan.environment = {{"EXITLEDGER_MODE", planned.mode}, {"EXITLEDGER_RUN", std::to_string(planned.number)}};
    return plan;
  }

  void tell(const PlannedRun& planned, const RecordingResult& result) const {
    const auto& runs = setting_.plan.runs;
    const auto left = time_left(runs, done_);
    log_line(fmt::format("run {} of {}, {} {}: {}; {} s{}", done_.size(), runs.size(), planned.mode, planned.number,
                         summary(result), std::chrono::round<std::chrono::seconds>(done_.back()).count(),
                         left.count() == 0 ? "" : fmt::format(", about {} left", about(left))));
  }

  const Setting& setting_;
  std::vector<std::string> command_;
  Backend& backend_;
  const StopSignals& signals_;
  Parameters by_hand_;  ///< besides the paging mode, and what was asked for
  std::vector<std::chrono::milliseconds> done_;
  unsigned failed_ = 0;  ///< runs whose command failed, or that are not whole
};

Result<void> bring_back(const Setting& setting, Backend& backend) {
  static_cast<void>(hold(backend, true));
  auto restored =
      exitledger::restore(setting.original, paging_parameter(setting.vendor), seen_by(backend, setting.reload()));
  static_cast<void>(hold(backend, false));
  return restored;
}

// In a process of its own, once the experiment's is gone: waits for VMs that hold the module, however long.
void bring_back_after_all(const Setting& setting) {
  const auto restored = setting.restore(std::nullopt);
  log_line(restored ? "the experiment is over: the vendor module is as it was before"
                    : "the experiment is over, and the vendor module not as before: " + restored.error().message());
}

/// One experiment at a time on a host, its guardian included: the second would take the first one's mode for the
/// original. Held until all that have the descriptor are gone.
Result<UniqueFd> take_the_module() {
  UniqueFd lock{open(kLock, O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!lock) return fail_errno("open", kLock);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return fail_errno("flock", kLock);
  return fail("experiment", "on this host", "another one is running, or bringing the vendor module back");
}

}  // namespace

int run_experiment(const Common& common, const ExperimentOptions& options) {
  if (const auto there = check_command(options.command.front()); !there) return complain(there.error());
  const auto lock = take_the_module();
  if (!lock) return complain(lock.error());
  const auto setting = look(options);
  if (!setting) return complain(setting.error());
  if (auto same = finds_the_loaded_one(setting->vendor); !same) return complain(same.error());
  const auto signals = StopSignals::take();
  if (!signals) return complain(signals.error());
  if (auto free = nothing_runs(common); !free) return complain(free.error());
  auto guardian = Guardian::start([&] { bring_back_after_all(*setting); });
  if (!guardian) return complain(guardian.error());
  const auto backend = books_for(common, setting->plan);
  if (!backend) {
    guardian->release();
    return complain(backend.error());
  }
  log_line(fmt::format("experiment {}: {} run{} of {}", setting->plan.name, setting->plan.runs.size(),
                       setting->plan.runs.size() == 1 ? "" : "s", quoted(options.command)));
  const auto status = Experiment{*setting, options.command, **backend, *signals}.run();
  const auto restored = bring_back(*setting, **backend);
  if (restored)
    guardian->release();
  else
    log_line("another process tries to bring the vendor module back once more, as soon as nothing holds it");
  if (!status) complain(status.error());
  if (!restored) complain(restored.error());
  if (!status || !restored) return 2;
  log_line(fmt::format("{} is as it was before; {}", module_name(setting->vendor),
                       options.modes.size() == 2 && *status < 128
                           ? fmt::format("exitledger compare {} shows the difference", setting->plan.name)
                           : "exitledger sessions list shows the runs"));
  return *status;
}

}  // namespace exitledger::cli
