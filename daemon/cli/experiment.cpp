// SPDX-License-Identifier: MIT
// exitledger experiment: a command under paging modes in turns.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>

#include "cli/commands.h"
#include "cli/recording.h"
#include "cli/streams.h"
#include "experiment/guardian.h"
#include "experiment/schedule.h"
#include "experiment/vendor_module.h"
#include "store/store.h"
#include "witness/module.h"

namespace exitledger::cli {
namespace {

constexpr const char* kSys = "/sys";
constexpr std::chrono::seconds kPatience{20};  // for VMs that are ending
constexpr std::chrono::seconds kGuardianPatience{300};
constexpr const char* kHoldSeconds = "600";

/// What is measured, on what, and what the module was like before.
struct Setting {
  std::string name;
  Vendor vendor = Vendor::kVmx;
  Parameters original;
  Parameters wanted;  ///< in all runs: what a person asked for, and what the original has besides its configuration
  std::vector<PlannedRun> plan;
};

Result<Parameters> asked_for(const std::vector<std::string>& words) {
  Parameters parameters;
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail("parse", "--parameter " + word, "it takes NAME=VALUE, as vpid=0");
    parameters[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return parameters;
}

Result<void> nothing_runs() {
  const auto holders = kvm_holders("/proc");
  if (holders.empty()) return {};
  return fail("reload", "the vendor module", "KVM is in use: " + describe(holders) + "; end that first");
}

Result<Setting> look(const ExperimentOptions& options) {
  const auto modules = read_modules(kSys);
  if (!modules) return tl::unexpected{modules.error()};
  if (!modules->vendor) return fail("experiment", "on this host", "no KVM vendor module is loaded");
  Setting setting;
  setting.vendor = *modules->vendor;
  setting.name =
      options.name.empty() ? fmt::format("exp-{:%Y%m%d-%H%M%S}", fmt::gmtime(std::time(nullptr))) : options.name;
  if (auto right = check_session_name(setting.name); !right) return tl::unexpected{right.error()};
  for (const std::string& mode : options.modes)
    if (auto known = mode_parameters(setting.vendor, *paging_from(mode)); !known) return tl::unexpected{known.error()};
  auto original = parameters_of(kSys, setting.vendor);
  if (!original) return tl::unexpected{original.error()};
  setting.original = std::move(*original);
  setting.plan = interleaved(options.modes, options.repeat);
  if (auto free = nothing_runs(); !free) return tl::unexpected{free.error()};
  return setting;
}

// The daemon's micro guest would hold the module while it is being reloaded.
Result<void> hold(Backend& backend, bool on) {
  if (const auto held = backend.call("POST", "/api/v1/hold", {{"seconds", on ? kHoldSeconds : "0"}}); !held)
    return tl::unexpected{held.error()};
  return {};
}

// What the original has that modprobe's configuration alone does not give, besides the modes' own parameter.
Result<Parameters> kept(const Setting& setting) {
  if (auto loaded = reload(kSys, setting.vendor, {}, kPatience); !loaded) return tl::unexpected{loaded.error()};
  const auto plain = parameters_of(kSys, setting.vendor);
  if (!plain) return tl::unexpected{plain.error()};
  Parameters others = different(setting.original, *plain);
  // ept=0 takes others with it (unrestricted_guest, pml, …): they are the mode's, not a person's.
  const std::string mode = mode_parameters(setting.vendor, Paging::kShadow)->begin()->first;
  if (others.contains(mode)) return Parameters{};
  return others;
}

class Experiment {
 public:
  Experiment(Setting setting, std::vector<std::string> command, Backend& backend, const StopSignals& signals)
      : setting_(std::move(setting)), command_(std::move(command)), backend_(backend), signals_(signals) {}

  Result<int> run() {
    if (auto held = hold(backend_, true); !held) return tl::unexpected{held.error()};
    const auto others = kept(setting_);
    if (!others) return tl::unexpected{others.error()};
    for (const auto& [name, value] : *others) setting_.wanted.emplace(name, value);
    for (const PlannedRun& planned : setting_.plan) {
      auto done = run_one(planned);
      if (!done) return tl::unexpected{done.error()};
      if (done->stopped_by != 0) return 128 + done->stopped_by;
      if (const int stopped = signals_.read(); stopped != 0) return 128 + stopped;
    }
    return failed_ == 0 ? 0 : 1;
  }

 private:
  Result<RecordingResult> run_one(const PlannedRun& planned) {
    const auto begin = std::chrono::steady_clock::now();
    Parameters parameters = *mode_parameters(setting_.vendor, *paging_from(planned.mode));
    parameters.insert(setting_.wanted.begin(), setting_.wanted.end());
    if (auto held = hold(backend_, true); !held) return tl::unexpected{held.error()};
    if (auto loaded = reload(kSys, setting_.vendor, parameters, kPatience); !loaded)
      return tl::unexpected{loaded.error()};
    backend_.follow();
    if (auto free = hold(backend_, false); !free) return tl::unexpected{free.error()};
    auto result = record(backend_, signals_, plan_of(planned));
    if (!result) return result;
    if (result->status != 0 || result->cut_short) ++failed_;
    done_.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin));
    tell(planned, *result);
    return result;
  }

  [[nodiscard]] RecordingPlan plan_of(const PlannedRun& planned) const {
    RecordingPlan plan;
    plan.name = fmt::format("{}-{}-{}", setting_.name, planned.mode, planned.number);
    plan.experiment = setting_.name;
    plan.mode = planned.mode;
    plan.number = planned.number;
    plan.command = command_;
    plan.environment = {{"EXITLEDGER_MODE", planned.mode}, {"EXITLEDGER_RUN", std::to_string(planned.number)}};
    return plan;
  }

  void tell(const PlannedRun& planned, const RecordingResult& result) const {
    const auto left = time_left(setting_.plan, done_);
    log_line(fmt::format("run {} of {}, {} {}: {}; {} s{}", done_.size(), setting_.plan.size(), planned.mode,
                         planned.number, summary(result),
                         std::chrono::round<std::chrono::seconds>(done_.back()).count(),
                         left.count() == 0 ? "" : fmt::format(", about {} left", about(left))));
  }

  Setting setting_;
  std::vector<std::string> command_;
  Backend& backend_;
  const StopSignals& signals_;
  std::vector<std::chrono::milliseconds> done_;
  unsigned failed_ = 0;  ///< runs whose command failed
};

Result<void> bring_back(const Setting& setting, Backend& backend) {
  static_cast<void>(hold(backend, true));
  auto restored = restore(kSys, setting.vendor, setting.original, kPatience);
  static_cast<void>(hold(backend, false));
  backend.follow();
  return restored;
}

}  // namespace

int run_experiment(const Common& common, const ExperimentOptions& options) {
  auto asked = asked_for(options.parameters);
  if (!asked) return complain(asked.error());
  auto setting = look(options);
  if (!setting) return complain(setting.error());
  setting->wanted = std::move(*asked);
  const auto signals = StopSignals::take();
  if (!signals) return complain(signals.error());
  auto guardian = Guardian::start([&] {
    const auto restored = restore(kSys, setting->vendor, setting->original, kGuardianPatience);
    log_line(restored ? "the experiment was killed: the vendor module is as it was before"
                      : "the experiment was killed, and " + restored.error().message());
  });
  if (!guardian) return complain(guardian.error());
  const auto backend = recording_backend(common);
  if (!backend) {
    guardian->release();
    return complain(backend.error());
  }
  log_line(fmt::format("experiment {}: {} runs of {}", setting->name, setting->plan.size(), quoted(options.command)));
  const auto status = Experiment{*setting, options.command, **backend, *signals}.run();
  const auto restored = bring_back(*setting, **backend);
  guardian->release();
  if (!status) complain(status.error());
  if (!restored) complain(restored.error());
  if (!status || !restored) return 2;
  log_line(fmt::format("{} is as it was before; exitledger compare {} shows the difference",
                       module_name(setting->vendor), setting->name));
  return *status;
}

}  // namespace exitledger::cli
