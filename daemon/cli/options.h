// SPDX-License-Identifier: MIT
// The command line as plain values. CLI11 stays in options.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "cli/log.h"
#include "model/calibration.h"
#include "model/detail.h"
#include "model/leaf_abi.h"
#include "model/result.h"

namespace exitledger::cli {

/// What every subcommand shares.
struct Common {
  std::string api_socket = "/run/exitledger/api.sock";
  std::string kvm_device = "/dev/kvm";
  std::string storage_path = "/var/lib/exitledger/exitledger.db";  ///< empty: sessions are kept in memory alone
  std::uint32_t slots = 1024;                                      ///< vCPUs with a book of their own
};

struct ServeOptions {
  std::vector<std::string> listen_addresses{":19435"};
  bool systemd_socket = false;  ///< systemd passes the sockets; listen_addresses and Common::api_socket are not opened
  std::string web_config_file;  ///< TLS and basic auth of the TCP addresses; empty: neither
  std::chrono::milliseconds leaf_interval{10'000};
  bool only_check = false;         ///< --config.check
  bool collect_time = true;        ///< --no-collector.time
  bool collect_leaf = true;        ///< --no-collector.leaf
  std::size_t vm_limit = 1000;     ///< VMs with series of their own; more are counted, not listed
  bool keep_capabilities = false;  ///< --capabilities.keep
  LogOptions log;
};
struct StatusOptions {
  unsigned wait_s = 0;  ///< how long to wait for a daemon that is ready
  bool json = false;
};
struct LeafOptionsCli {
  leaf::Scope scope = leaf::Scope::kHost;
  bool all = false;  ///< reasons that have not happened too
  bool json = false;
};
struct CheckOptions {
  unsigned rounds = 0;  ///< 0: until the books agree or disagree, at most Books::kEnough
  bool guests = false;  ///< what guests were told, instead of a reading of our own
  bool json = false;
};
struct CalibrateOptions {
  std::uint32_t count = kCalibrationCount;  ///< of each kind of exit
  bool json = false;
};
struct SessionsListOptions {
  bool json = false;
};
struct SessionsExportOptions {
  std::vector<std::string> ids;                ///< empty: all
  std::map<std::string, std::string> metrics;  ///< paging -> path of the scrape taken with it
  bool certificate = false;                    ///< one that `verify` reads
  std::string sign;                            ///< file of the private key; empty: not signed
};
struct VerifyOptions {
  std::string file;  ///< "-": standard input
  std::string key;   ///< file of the public key that must have signed; empty: any, or none
  bool json = false;
};
struct LawsOptions {
  std::string file;  ///< "-": standard input
  bool json = false;
};
struct SessionsShowOptions {
  std::string id;  ///< or its name
  bool json = false;
};
struct SessionsNameOptions {
  std::string id, name;
};
struct SessionsDeleteOptions {
  std::vector<std::string> ids;
};
struct RecordOptions {
  std::string name;  ///< empty: none
  std::vector<std::string> command;
};
struct ExperimentOptions {
  std::string name;                     ///< empty: made of the time
  std::vector<std::string> modes;       ///< "ept", "npt", "shadow": run in turns
  unsigned repeat = 3;                  ///< runs of each mode
  std::vector<std::string> parameters;  ///< NAME=VALUE of the vendor module, for all runs
  std::vector<std::string> command;
};
struct TopOptions {
  std::chrono::milliseconds interval{1000};
  std::uint64_t count = 0;  ///< intervals; 0: until a key or a signal ends it
  bool once = false;        ///< one interval as text
  bool json = false;        ///< the same as JSON
  std::string csv;          ///< log there, "-": stdout; empty: a screen
  bool per_vm = false;      ///< the log has lines of each VM, too
};
struct CompareOptions {
  enum class Form { kText, kJson, kCsv, kMarkdown, kHtml };
  std::string a;  ///< a session's number or name, an experiment's name, EXPERIMENT/MODE
  std::string b;  ///< empty: `a` is an experiment, whose two modes are compared
  Form form = Form::kText;
};
struct DetailOptionsCli {
  DetailKind kind = DetailKind::kIo;
  std::uint32_t seconds = 10;
  std::uint32_t rows = 1024;  ///< at most
  bool json = false;
};

struct Options {
  Common common;
  std::variant<ServeOptions, StatusOptions, LeafOptionsCli, CheckOptions, CalibrateOptions, SessionsListOptions,
               SessionsShowOptions, SessionsExportOptions, SessionsNameOptions, SessionsDeleteOptions, RecordOptions,
               ExperimentOptions, CompareOptions, TopOptions, DetailOptionsCli, VerifyOptions, LawsOptions>
      command;
};

/// What parse() decided: run something, or print and leave.
struct Parsed {
  Options options;
  bool leave = false;  ///< --help, --version or a usage error: `text` was the whole answer
  int status = 0;      ///< exit status when leaving: 0, or 2 for a usage error
  std::string text;    ///< for stdout when status is 0, one line for stderr otherwise
};

[[nodiscard]] Parsed parse(int argc, const char* const* argv);

}  // namespace exitledger::cli
