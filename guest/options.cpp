// SPDX-License-Identifier: MIT
#include "options.h"

#include <CLI/CLI.hpp>
#include <map>

namespace exitledger::guest {
namespace {

using leaf::Scope;

const std::map<std::string, Scope> kScopes{leaf::kScopes.begin(), leaf::kScopes.end()};
const std::map<std::string, Form> kForms = {{"a", Form::kA}, {"b", Form::kB}, {"c", Form::kC}};

constexpr const char* kFooter =
    "Counts are read one after the other, and every read is an exit itself.\n"
    "Exit status: 0 read; 2 not patched, refused, or a bad option (then nothing is on stdout).";

}  // namespace

Result<Options> parse(int argc, const char* const* argv) {
  Options options;
  std::string scope = "vm";
  std::string form;
  unsigned cpu = 0;
  CLI::App app{"Shows this guest's VM exits, as the patched KVM below counts them.", "exitledger-guest"};
  app.footer(kFooter);
  app.set_version_flag("--version", "exitledger-guest " EXITLEDGER_VERSION);
  auto* const scope_option =
      app.add_option(
             "--scope", scope,
             "whose exits: this vCPU's, this VM's, the host's, this physical CPU's, or what the host's default is")
          ->check(CLI::IsMember(kScopes))
          ->capture_default_str();
  app.add_option("--reason", options.reasons, "only this reason, by name or number (repeatable)")
      ->allow_extra_args(false);
  auto* const cpu_option =
      app.add_option("--cpu", cpu, "run on this CPU (scopes vcpu and cpu stay on the current one otherwise)");
  app.add_flag("--json", options.json, "JSON instead of a table");
  auto* const cycles = app.add_flag("--cycles", options.cycles, "also the TSC cycles from exit to next entry");
  auto* const zeros = app.add_flag("--all", options.zeros, "also reasons that have not happened");
  auto* const abi = app.add_flag("--abi", options.abi, "what the host says about its leaves, no counts");
  auto* const form_option = app.add_option("--form", form, "the host is patched with this published form of the leaf")
                                ->check(CLI::IsMember(kForms));
  form_option->excludes(scope_option)->excludes(cycles)->excludes(abi);
  abi->excludes(cycles)->excludes(zeros);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    options.print_and_exit = app.help();
    return options;
  } catch (const CLI::CallForVersion& version) {
    options.print_and_exit = std::string(version.what()) + "\n";
    return options;
  } catch (const CLI::ParseError& error) {
    return fail("parse", "command line", error.what());
  }
  options.scope = kScopes.at(scope);
  if (!form.empty()) options.form = kForms.at(form);
  if (!cpu_option->empty()) options.cpu = cpu;
  return options;
}

}  // namespace exitledger::guest
