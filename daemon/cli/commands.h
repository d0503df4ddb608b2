// SPDX-License-Identifier: MIT
// One function per subcommand; each prints its answer on stdout, one line per error on stderr, and returns the exit
// status.
#pragma once

#include "cli/options.h"

namespace exitledger::cli {

int run_serve(const Common& common, const ServeOptions& options);
int run_status(const Common& common, const StatusOptions& options);
int run_leaf(const Common& common, const LeafOptionsCli& options);
int run_check(const Common& common, const CheckOptions& options);
int run_calibrate(const Common& common, const CalibrateOptions& options);
int run_sessions_list(const Common& common, const SessionsListOptions& options);
int run_sessions_show(const Common& common, const SessionsShowOptions& options);
int run_sessions_name(const Common& common, const SessionsNameOptions& options);
int run_sessions_delete(const Common& common, const SessionsDeleteOptions& options);
int run_record(const Common& common, const RecordOptions& options);
int run_experiment(const Common& common, const ExperimentOptions& options);
int run_sessions_export(const Common& common, const SessionsExportOptions& options);
int run_compare(const Common& common, const CompareOptions& options);
int run_top(const Common& common, const TopOptions& options);
int run_detail(const Common& common, const DetailOptionsCli& options);
int run_verify(const VerifyOptions& options);
int run_laws(const LawsOptions& options);

/// Prints "exitledger: <error>" on stderr and returns 2: cannot tell.
int complain(const Error& error);

}  // namespace exitledger::cli
