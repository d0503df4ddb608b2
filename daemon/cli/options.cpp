// SPDX-License-Identifier: MIT
#include "cli/options.h"

#include <algorithm>
#include <memory>
#include <sstream>

#include "cli/config_file.h"
#include "cli/options_parts.h"
#include "version.h"

namespace exitledger::cli {
namespace {

// What has to be given to `app` and was not, and what it is; CLI11 says its name alone.
std::string missing(const CLI::App& app) {
  const auto absent = app.get_options([](const CLI::Option* each) { return each->get_required() && each->empty(); });
  if (absent.empty()) return {};
  return app.get_name() + ": " + absent.front()->get_name() + " is required: " + absent.front()->get_description();
}

// CLI11 says of a subcommand that is misspelt or absent only that one is required.
std::string complaint(const CLI::App& whole, const CLI::ParseError& error, int argc, const char* const* argv) {
  const CLI::App* app = &whole;
  std::string word;
  for (int i = 1; i < argc && app->get_require_subcommand_min() > 0 && word.empty(); ++i) {
    const std::string next = argv[i];
    const auto inner = app->get_subcommands([&](const CLI::App* each) { return each->check_name(next); });
    if (next.starts_with("-") && next != "--") {
      const auto equals = next.find('=');
      const CLI::Option* option = app->get_option_no_throw(next.substr(0, equals));
      if (option == nullptr) option = whole.get_option_no_throw(next.substr(0, equals));
      if (option == nullptr) return "unknown option '" + next + "'";
      if (option->get_items_expected_max() > 0 && equals == std::string::npos) ++i;  // its value
    } else if (!inner.empty()) {
      app = inner.front();
    } else {
      word = next;
    }
  }
  const bool required = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  if (app->get_require_subcommand_min() == 0) {
    const std::string what = required ? missing(*app) : "";
    return what.empty() ? error.what() : what;
  }
  std::string choices;
  for (const CLI::App* each : app->get_subcommands([](const CLI::App*) { return true; }))
    choices += (choices.empty() ? "" : ", ") + each->get_name();
  const std::string of = app == &whole ? "" : " of " + app->get_name();
  if (!word.empty()) return "unknown subcommand '" + word + "'" + of + ": there are " + choices;
  return required ? "no subcommand" + of + ": there are " + choices : error.what();
}

}  // namespace

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
  app.add_option("--storage.path", options.common.storage_path,
                 "Where sessions are kept: an SQLite file; empty: in memory, as long as the daemon lives")
      ->capture_default_str();
  app.add_option("--slots", options.common.slots,
                 "vCPUs that can have a book of their own at once (about 1.6 KiB each)")
      ->check(CLI::Range(1U, 262'144U))
      ->capture_default_str();

  CLI::App& serve = add_serve(app, options);
  app.set_config("--config.file", "", "YAML: flags of serve and of the program, without their dashes");
  app.config_formatter(std::make_shared<ConfigFile>(app, serve));
  add_readings(app, options);
  add_sessions(app, options);
  add_experiments(app, options);
  add_top(app, options);
  add_detail(app, options);
  add_files(app, options);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    parsed.leave = true;
    parsed.status = app.exit(error, out, err) == 0 ? 0 : 2;
    parsed.text =
        parsed.status == 0 ? out.str() : "exitledger: " + complaint(app, error, argc, argv) + " (--help tells more)\n";
    return parsed;
  }
  return parsed;
}

}  // namespace exitledger::cli
