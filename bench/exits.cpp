// SPDX-License-Identifier: MIT
// bench-exits: what an exit costs with something attached; runs in a lab host, as root. ./dev bench exits makes the
// table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "attachment.h"
#include "exit_cost.h"
#include "microvm/cpu_pin.h"

namespace exitledger::bench {
namespace {

using Json = nlohmann::ordered_json;

std::string_view kind_name(AttachmentKind kind) {
  switch (kind) {
    case AttachmentKind::kBare: return "bare";
    case AttachmentKind::kFloor: return "floor";
    case AttachmentKind::kOurs: return "ours";
    case AttachmentKind::kPeer: return "peer";
  }
  return "unknown";
}

int complain(const Error& error) {
  fmt::print(stderr, "bench-exits: {}\n", error.message());
  return 2;
}

void list() {
  for (const AttachmentInfo& info : attachments())
    fmt::print("{:<18} {:<6} {}\n", info.name, kind_name(info.kind), info.what);
}

std::vector<std::string> names_of(std::span<const ExitKind> kinds) {
  std::vector<std::string> names;
  for (const ExitKind& kind : kinds) names.emplace_back(kind.name);
  return names;
}

/// What the caller says of the host, for the output.
struct Labels {
  std::string modules, paging;
};

/// What a tool has attached that runs beside us.
struct Beside {
  std::string name;
  bool times = false;
};

/// A line of JSON per kind of exit, on stdout, of what is attached now.
Result<void> measure(const AttachmentInfo& info, std::span<const ExitKind> kinds, std::uint32_t turns, unsigned repeat,
                     const Labels& labels) {
  for (const ExitKind& kind : kinds) {
    Json runs = Json::array();
    bool alike = true;
    std::uint64_t exits = 0;
    for (unsigned i = 0; i < repeat; ++i) {
      const auto ticks = ticks_per_exit(kind, turns);
      if (!ticks) return tl::unexpected{ticks.error()};
      runs.push_back(ticks->ticks);
      alike = alike && ticks->alike;
      exits += ticks->exits;
    }
    const Json line{{"attached", info.name}, {"kind", kind_name(info.kind)},      {"times", info.times},
                    {"what", info.what},     {"modules", labels.modules},         {"paging", labels.paging},
                    {"exit", kind.name},     {"ticks_per_exit", std::move(runs)}, {"alike", alike},
                    {"exits", exits}};
    fmt::print("{}\n", line.dump());
  }
  return {};
}

int run(int argc, char** argv) {
  CLI::App app{"What an exit costs, in TSC ticks, with something attached"};
  std::uint32_t turns = 2000;
  unsigned repeat = 1;
  Labels labels;
  Beside beside;
  std::vector<std::string> names, exits;
  bool shows = false, reads = false;
  app.add_option("--turns", turns, "Of the shorter loop; the longer has twice as many")->check(CLI::Range(16, 500'000));
  app.add_option("--repeat", repeat, "Measurements of each")->check(CLI::Range(1, 100));
  app.add_option("--modules", labels.modules, "Which modules are loaded, for the output");
  app.add_option("--paging", labels.paging, "Their paging mode, for the output");
  app.add_option("--exit", exits, "A kind of exit, any number of times; default: all")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(names_of(exit_kinds())));
  app.add_flag("--leaf", reads, "Not of kinds of exits, but of reads of the leaf, by scope");
  app.add_flag("--list", shows, "What can be attached");
  auto* const tool = app.add_option("--beside", beside.name,
                                    "A tool's name, for the output: it is attached already, and nothing else is");
  app.add_flag("--times", beside.times, "That tool stands on entries, too")->needs(tool);
  app.add_option("name", names, "What to attach, one after the other; default: all")->excludes(tool);
  CLI11_PARSE(app, argc, argv);
  if (shows) return list(), 0;
  const auto cpus = usable_cpus();
  if (!cpus) return complain(cpus.error());
  const auto pin = CpuPin::to(cpus->front());
  if (!pin) return complain(pin.error());
  std::vector<ExitKind> kinds;
  for (const ExitKind& kind : reads ? leaf_reads() : exit_kinds())
    if (reads || exits.empty() || std::ranges::find(exits, kind.name) != exits.end()) kinds.push_back(kind);
  if (!beside.name.empty()) {
    const AttachmentInfo info{beside.name, AttachmentKind::kPeer, beside.times, "the tool itself"};
    if (const auto done = measure(info, kinds, turns, repeat, labels); !done) return complain(done.error());
    return 0;
  }
  for (const AttachmentInfo& info : attachments()) {
    if (!names.empty() && std::find(names.begin(), names.end(), info.name) == names.end()) continue;
    const auto attached = Attachment::make(info.name);
    if (!attached) return complain(attached.error());
    if (const auto done = measure(info, kinds, turns, repeat, labels); !done) return complain(done.error());
  }
  return 0;
}

}  // namespace
}  // namespace exitledger::bench

int main(int argc, char** argv) { return exitledger::bench::run(argc, argv); }
