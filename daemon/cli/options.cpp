// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>

#include "cli/config_file.h"
#include "version.h"

namespace exitledger::cli {
namespace {

// The micro guest has one vCPU: scope vcpu would be the same as vm.
std::map<std::string, leaf::Scope> micro_guest_scopes() {
  std::map<std::string, leaf::Scope> scopes{leaf::kScopes.begin(), leaf::kScopes.end()};
  scopes.erase("vcpu");
  return scopes;
}

// CLI11's own words name its types and numbers. `expected` goes after "is not".
CLI::Validator explained(const CLI::Validator& inner, const std::string& expected) {
  const auto check = [inner, expected](std::string& text) -> std::string {
    const std::string given = text;
    try {
      if (inner(text).empty()) return {};
    } catch (const CLI::Error&) {  // AsNumberWithUnit throws what it finds
    }
    return "'" + given + "' is not " + expected;
  };
  return {check, inner.get_description()};
}

// Durations as Prometheus spells them (500ms, 10s, 1m), from `low` to `high` milliseconds, which `bounds` says in
// words.
CLI::Validator duration(std::int64_t low, std::int64_t high, const std::string& bounds) {
  const auto in_milliseconds = [low, high](std::string& text) -> std::string {
    const CLI::AsNumberWithUnit units(std::map<std::string, std::int64_t>{{"ms", 1}, {"s", 1000}, {"m", 60'000}},
                                      CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION");
    const CLI::Range range(low, high);
    std::string wrong = units(text);
    if (wrong.empty()) wrong = range(text);
    return wrong;
  };
  return explained(CLI::Validator(in_milliseconds, "DURATION"), "a duration with its unit (500ms, 10s, 1m), " + bounds);
}

// "ept=FILE" pairs.
std::string take_metrics(const std::vector<std::string>& pairs, std::map<std::string, std::string>& into) {
  for (const std::string& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || !paging_from(pair.substr(0, equals)))
      return "--metrics: '" + pair + "' is not ept=FILE, npt=FILE or shadow=FILE";
    into[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return {};
}

bool known(const CLI::App& app, const std::string& name) {
  const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
  return std::any_of(subcommands.begin(), subcommands.end(),
                     [&](const CLI::App* each) { return each->check_name(name); });
}

// CLI11 says of a misspelt subcommand only that one is required.
std::string complaint(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  const bool unknown = !first.empty() && first.front() != '-' && !known(app, first);
  return unknown ? "unknown subcommand '" + first + "'" : error.what();
}

void add_serve(CLI::App& app, ServeOptions& options, std::int64_t& interval_ms) {
  app.add_option("--web.listen-address", options.listen_addresses,
                 "Address for /metrics and the API: HOST:PORT, :PORT, [IPv6]:PORT; repeatable")
      ->capture_default_str()
      ->allow_extra_args(false);
  app.add_flag("--web.systemd-socket", options.systemd_socket,
               "Serve the sockets that systemd passes, TCP and unix, in place of the addresses and --api.socket");
  app.add_option("--web.config.file", options.web_config_file,
                 "TLS and basic auth of these addresses, in exporter-toolkit's format (docs/web-config.md)");
  app.add_option("--leaf.interval", interval_ms, "Time between readings of the leaf while exits go on (500ms, 10s, 1m)")
      ->transform(duration(100, 3'600'000, "from 100ms to 60m"))
      ->default_str("10s");
  app.add_flag("!--no-collector.time", options.collect_time, "Counts alone: no time from exit to entry");
  app.add_flag("!--no-collector.leaf", options.collect_leaf, "eBPF alone: never ask the leaf");
  app.add_flag("--config.check", options.only_check, "Check flags and files, serve nothing; exit 0 if all is right");
  app.add_option("--collector.vm.limit", options.vm_limit,
                 "VMs with series of their own, the oldest first; exitledger_vms_left_out counts the rest")
      ->check(CLI::Range(std::size_t{0}, std::size_t{262'144}))
      ->capture_default_str();
  app.add_flag("--capabilities.keep", options.keep_capabilities,
               "Keep all capabilities; else only CAP_BPF and CAP_PERFMON stay once the probe is attached");
  app.add_option_no_stream("--log.level", options.log.level, "Least level that is logged: debug, info, warn, error")
      ->transform(explained(CLI::CheckedTransformer(std::map<std::string, LogLevel>{{"debug", LogLevel::kDebug},
                                                                                    {"info", LogLevel::kInfo},
                                                                                    {"warn", LogLevel::kWarn},
                                                                                    {"error", LogLevel::kError}}),
                            "debug, info, warn or error"))
      ->default_str("info");
  app.add_option_no_stream("--log.format", options.log.format, "logfmt or json")
      ->transform(explained(CLI::CheckedTransformer(std::map<std::string, LogFormat>{{"logfmt", LogFormat::kLogfmt},
                                                                                     {"json", LogFormat::kJson}}),
                            "logfmt or json"))
      ->default_str("logfmt");
}

}  // namespace

Parsed parse(int argc, const char* const* argv) {
  Parsed parsed;
  Options& options = parsed.options;
  CLI::App app{
      "exitledger: every VM exit in two books, an eBPF probe's and a patched KVM's, and the proof that they agree"};
  app.set_version_flag("--version", std::string{kVersionLine});
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--api.socket", options.common.api_socket, "Socket of the daemon")->capture_default_str();
  app.add_option("--kvm.device", options.common.kvm_device, "KVM device for the leaf's reader")->capture_default_str();
  app.add_option("--slots", options.common.slots,
                 "vCPUs that can have a book of their own at once (about 1.6 KiB each)")
      ->check(CLI::Range(1U, 262'144U))
      ->capture_default_str();

  ServeOptions serve;
  std::int64_t interval_ms = serve.leaf_interval.count();
  CLI::App& serve_app = *app.add_subcommand("serve", "Keep the books and serve /metrics");
  add_serve(serve_app, serve, interval_ms);
  app.set_config("--config.file", "", "YAML: flags of serve and of the program, without their dashes");
  app.config_formatter(std::make_shared<ConfigFile>(app, serve_app));

  StatusOptions status;
  CLI::App& status_app = *app.add_subcommand("status", "What the daemon sees; exit 0 if it is ready, 2 if not");
  status_app.add_option("--wait-s", status.wait_s, "Wait up to this many seconds for it to be ready")
      ->check(CLI::Range(0U, 3600U));
  status_app.add_flag("--json", status.json, "JSON on stdout");

  LeafOptionsCli leaf_options;
  CLI::App& leaf_app =
      *app.add_subcommand("leaf", "Read the exit-count CPUID leaves of this host through a micro guest");
  leaf_app
      .add_option_no_stream("--scope", leaf_options.scope, "Whose counters: default, vm (the micro guest), host, cpu")
      ->transform(explained(CLI::CheckedTransformer(micro_guest_scopes()),
                            "a scope of the micro guest: default, vm, host or cpu"))
      ->default_str("host");
  leaf_app.add_flag("--all", leaf_options.all, "Also reasons that have not happened");
  leaf_app.add_flag("--json", leaf_options.json, "JSON on stdout");

  CheckOptions check;
  CLI::App& check_app =
      *app.add_subcommand("check", "Read both books and judge; exit 0 they agree, 1 they disagree, 2 cannot tell");
  check_app.add_option("--rounds", check.rounds, "Sweeps over the CPUs (default: until the verdict stands, at most 3)")
      ->check(CLI::Range(1U, 100U));
  check_app
      .add_flag("--guests", check.guests,
                "What guests were told by the leaves, each answer judged as it was given; needs a daemon")
      ->excludes("--rounds");
  check_app.add_flag("--json", check.json, "JSON on stdout");

  CalibrateOptions calibrate;
  CLI::App& calibrate_app = *app.add_subcommand("calibrate",
                                                "Cause N of each kind of exit that a micro guest can, and hold every "
                                                "witness against the table; exit 0 all agree, "
                                                "1 one does not, 2 cannot tell");
  calibrate_app.add_option("--count", calibrate.count, "N; a prime is told best from sums of other things")
      ->check(CLI::Range(1U, kMostCalibrationCount))
      ->capture_default_str();
  calibrate_app.add_flag("--json", calibrate.json, "JSON on stdout");

  CLI::App& sessions_app = *app.add_subcommand("sessions", "Sessions that the daemon keeps");
  sessions_app.require_subcommand(1);
  SessionsListOptions list;
  CLI::App& list_app = *sessions_app.add_subcommand("list", "One line per session");
  list_app.add_flag("--json", list.json, "JSON on stdout");
  SessionsExportOptions exported;
  std::vector<std::string> metrics;
  CLI::App& export_app =
      *sessions_app.add_subcommand("export", "Sessions with everything that their verdicts rest on, as JSON");
  export_app.add_option("id", exported.ids, "Sessions (default: all)");
  export_app.add_option("--metrics", metrics, "PAGING=FILE: the scrape taken at a session's end; repeatable")
      ->allow_extra_args(false);

  CompareOptions compare;
  CLI::App& compare_app = *app.add_subcommand(
      "compare", "Two sessions side by side; exit 0 both agree and break no law, 1 one does not, 2 cannot tell");
  compare_app.add_option("a", compare.a, "Session")->required();
  compare_app.add_option("b", compare.b, "Session")->required();
  compare_app.add_flag("--json", compare.json, "JSON on stdout");

  try {
    app.parse(argc, argv);
    if (const std::string wrong = take_metrics(metrics, exported.metrics); !wrong.empty())
      throw CLI::ValidationError(wrong);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    parsed.leave = true;
    parsed.status = app.exit(error, out, err) == 0 ? 0 : 2;
    parsed.text =
        parsed.status == 0 ? out.str() : "exitledger: " + complaint(app, error, argc, argv) + " (--help tells more)\n";
    return parsed;
  }
  serve.leaf_interval = std::chrono::milliseconds{interval_ms};
  if (serve_app.parsed()) options.command = serve;
  if (status_app.parsed()) options.command = status;
  if (leaf_app.parsed()) options.command = leaf_options;
  if (check_app.parsed()) options.command = check;
  if (calibrate_app.parsed()) options.command = calibrate;
  if (list_app.parsed()) options.command = list;
  if (export_app.parsed()) options.command = exported;
  if (compare_app.parsed()) options.command = compare;
  return parsed;
}

}  // namespace exitledger::cli
