// SPDX-License-Identifier: MIT
#include <map>

#include "cli/options_parts.h"

namespace exitledger::cli {

CLI::App& add_serve(CLI::App& parent, Options& into) {
  auto [app, options] = add_subcommand<ServeOptions>(parent, "serve", "Keep the books and serve /metrics", into);
  app.add_option("--web.listen-address", options.listen_addresses,
                 "Address for /metrics and the API: HOST:PORT, :PORT, [IPv6]:PORT; repeatable")
      ->capture_default_str()
      ->allow_extra_args(false);
  app.add_flag("--web.systemd-socket", options.systemd_socket,
               "Serve the sockets that systemd passes, TCP and unix, in place of the addresses and --api.socket");
  app.add_option("--web.config.file", options.web_config_file,
                 "TLS and basic auth of these addresses, in exporter-toolkit's format (docs/web-config.md)");
  app.add_option_function<std::int64_t>(
         "--leaf.interval",
         [&interval = options.leaf_interval](std::int64_t ms) { interval = std::chrono::milliseconds{ms}; },
         "Time between readings of the leaf while exits go on (500ms, 10s, 1m)")
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
  return app;
}

}  // namespace exitledger::cli
