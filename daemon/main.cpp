// SPDX-License-Identifier: MIT
// Parse, run, leave.
#include <cstdio>
#include <exception>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/streams.h"

namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;  // clang 14 does not derive it by itself

int run(const exitledger::cli::Options& options) {
  using namespace exitledger::cli;
  const Common& common = options.common;
  return std::visit(Overloaded{[&](const ServeOptions& o) { return run_serve(common, o); },
                               [&](const StatusOptions& o) { return run_status(common, o); },
                               [&](const LeafOptionsCli& o) { return run_leaf(common, o); },
                               [&](const CheckOptions& o) { return run_check(common, o); },
                               [&](const CalibrateOptions& o) { return run_calibrate(common, o); },
                               [&](const SessionsListOptions& o) { return run_sessions_list(common, o); },
                               [&](const SessionsShowOptions& o) { return run_sessions_show(common, o); },
                               [&](const SessionsNameOptions& o) { return run_sessions_name(common, o); },
                               [&](const SessionsDeleteOptions& o) { return run_sessions_delete(common, o); },
                               [&](const RecordOptions& o) { return run_record(common, o); },
                               [&](const ExperimentOptions& o) { return run_experiment(common, o); },
                               [&](const SessionsExportOptions& o) { return run_sessions_export(common, o); },
                               [&](const CompareOptions& o) { return run_compare(common, o); },
                               [&](const TopOptions& o) { return run_top(common, o); },
                               [&](const DetailOptionsCli& o) { return run_detail(common, o); },
                               [&](const VerifyOptions& o) { return run_verify(o); },
                               [&](const LawsOptions& o) { return run_laws(o); }},
                    options.command);
}

int parse_and_run(int argc, char** argv) {
  const exitledger::cli::Parsed parsed = exitledger::cli::parse(argc, argv);
  if (!parsed.leave) return run(parsed.options);
  std::fputs(parsed.text.c_str(), parsed.status == 0 ? stdout : stderr);
  return parsed.status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int status = parse_and_run(argc, argv);
    const auto written = exitledger::cli::flush_stdout();
    if (written) return status;
    const int lost = exitledger::cli::complain(written.error());
    return status == 0 ? lost : status;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "exitledger: %s\n", error.what());
    return 2;
  }
}
