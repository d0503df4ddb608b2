// SPDX-License-Identifier: MIT
// bench-silicon: what the probe's programs cost on the CPU that this runs on, in nanoseconds, as ratios to an empty
// program of the same run. No KVM needed: a system call stands in for an exit (stand_in.h). ./dev bench silicon
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <barrier>
#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "bpf_programs.h"
#include "counters.h"
#include "microvm/cpu_pin.h"
#include "stand_in.h"

namespace exitledger::bench {
namespace {

using Json = nlohmann::ordered_json;
using Made = Result<std::unique_ptr<Attachment>>;

struct Variant {
  std::string_view name;
  bool times = false;
  Made (*make)() = nullptr;  ///< nullptr: nothing
};
constexpr std::array kVariants{
    Variant{"nothing", false, nullptr},
    Variant{"floor", false,
            [] {
              return floor_programs({{"empty_exit", "sys_enter"}});
            }},
    Variant{"floor_pair", true,
            [] {
              return floor_programs({{"empty_exit", "sys_enter"}, {"empty_entry", "sys_exit"}});
            }},
    Variant{"floor_read", false,
            [] {
              return floor_programs({{"read_exit", "sys_enter"}});
            }},
    Variant{"counts", false, [] { return stand_in_probe(false); }},
    Variant{"counts_histogram", true, [] { return stand_in_probe(true); }},
};

struct Given {
  unsigned calls = 200'000, rounds = 15;
  bool json = false;
};

/// What one thread on each of the CPUs takes for one turn of `loop`, in ns: the mean over the threads.
Result<double> ns_per_turn(const std::vector<std::uint32_t>& cpus, unsigned turns,
                           const std::function<void(unsigned)>& loop) {
  constexpr unsigned kWarmUp = 1000;  // a thread's first exit gives it its slot
  std::barrier start{static_cast<std::ptrdiff_t>(cpus.size())};
  std::vector<double> ns(cpus.size());
  std::vector<Result<void>> pinned(cpus.size());
  std::vector<std::jthread> threads;
  threads.reserve(cpus.size());
  for (std::size_t i = 0; i < cpus.size(); ++i)
    threads.emplace_back([&, i] {
      const auto pin = CpuPin::to(cpus[i]);
      if (!pin) pinned[i] = tl::unexpected{pin.error()};
      loop(kWarmUp);
      start.arrive_and_wait();
      const auto begin = std::chrono::steady_clock::now();
      loop(turns);
      ns[i] = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / turns;
    });
  threads.clear();
  for (const auto& each : pinned)
    if (!each) return tl::unexpected{each.error()};
  double sum = 0;
  for (const double each : ns) sum += each;
  return sum / static_cast<double>(ns.size());
}

void call(unsigned turns) {
  for (unsigned i = 0; i < turns; ++i) (void)::syscall(kStandInCall, -1, nullptr, 0);
}

struct Row {
  Variant variant;
  double added = 0, ratio = 0;
};

/// Each round measures all variants, one after the other; what a variant adds is the median over the rounds of its time
/// less that of "nothing" in the same round.
Result<std::vector<Row>> measure(const std::vector<std::uint32_t>& cpus, const Given& given) {
  std::array<std::vector<double>, kVariants.size()> added;
  for (unsigned round = 0; round < given.rounds; ++round) {
    double nothing = 0;
    for (std::size_t i = 0; i < kVariants.size(); ++i) {
      std::unique_ptr<Attachment> attached;
      if (kVariants[i].make != nullptr) {
        auto made = kVariants[i].make();
        if (!made) return tl::unexpected{made.error()};
        attached = std::move(*made);
      }
      const auto ns = ns_per_turn(cpus, given.calls, call);
      if (!ns) return tl::unexpected{ns.error()};
      if (attached)
        if (const auto counted = attached->has_counted(std::uint64_t{given.calls} * cpus.size()); !counted)
          return tl::unexpected{counted.error()};
      if (i == 0) nothing = *ns;
      added[i].push_back(*ns - nothing);
    }
  }
  std::vector<Row> rows;
  for (std::size_t i = 1; i < kVariants.size(); ++i) {
    Row row{kVariants[i], median(added[i]), 0};
    row.ratio = row.added / median(added[kVariants[i].times ? 2 : 1]);
    rows.push_back(row);
  }
  return rows;
}

Json json_of(std::size_t cpus, const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows)
    list.push_back(
        {{"name", row.variant.name}, {"ratio", row.ratio}, {"to", row.variant.times ? "floor_pair" : "floor"}});
  return {{"cpus", cpus}, {"rows", std::move(list)}};
}

void print(std::size_t cpus, const std::vector<Row>& rows) {
  fmt::print("{} CPU{}\n", cpus, cpus == 1 ? "" : "s at once");
  for (const Row& row : rows)
    fmt::print("  {:<18} {:>6.2f} times {}\n", row.variant.name, row.ratio, row.variant.times ? "floor_pair" : "floor");
}

void print_counters(const CounterRatios& counters, std::size_t cpus) {
  fmt::print(
      "a counter, one increment, as ratios to one of the thread's own cache line on 1 CPU\n"
      "  own cache line, {0} CPUs   {1:>6.2f}\n  shared, atomic, 1 CPU    {2:>6.2f}\n  shared, atomic, {0} CPUs   "
      "{3:>6.2f}\n",
      cpus, counters.own_all, counters.shared_one, counters.shared_all);
}

Result<void> run(const Given& given) {
  const auto cpus = usable_cpus();
  if (!cpus) return tl::unexpected{cpus.error()};
  // A traced kernel enters and leaves system calls by another path, and one program on a tracepoint is called otherwise
  // than several: with these there, that is so for all variants.
  const auto background = [] { return floor_programs({{"empty_exit", "sys_enter"}, {"empty_entry", "sys_exit"}}); };
  const auto one = background(), other = background();
  if (!one) return tl::unexpected{one.error()};
  if (!other) return tl::unexpected{other.error()};
  Json tables = Json::array();
  for (const std::size_t number : {std::size_t{1}, cpus->size()}) {
    if (number == 1 && !tables.empty()) break;
    const auto rows = measure({cpus->begin(), cpus->begin() + static_cast<std::ptrdiff_t>(number)}, given);
    if (!rows) return tl::unexpected{rows.error()};
    tables.push_back(json_of(number, *rows));
    if (!given.json) print(number, *rows);
  }
  const auto loop = [&](const std::vector<std::uint32_t>& on, const std::function<void(unsigned)>& turn) {
    return ns_per_turn(on, given.calls * 10, turn);
  };
  const auto counters = counter_ratios(*cpus, given.rounds, loop);
  if (!counters) return tl::unexpected{counters.error()};
  if (!given.json) return print_counters(*counters, cpus->size()), Result<void>{};
  const Json value{{"tables", std::move(tables)},
                   {"counter",
                    {{"cpus", cpus->size()},
                     {"own_all", counters->own_all},
                     {"shared_one", counters->shared_one},
                     {"shared_all", counters->shared_all}}}};
  fmt::print("{}\n", value.dump(1));
  return {};
}

int main_of(int argc, char** argv) {
  CLI::App app{"What the probe's programs cost on this CPU, as ratios to an empty program in the same run"};
  Given given;
  app.add_option("--calls", given.calls, "System calls per measurement")->check(CLI::Range(1000, 100'000'000));
  app.add_option("--rounds", given.rounds, "Measurements of each; the median counts")->check(CLI::Range(1, 1000));
  app.add_flag("--json", given.json, "The result as JSON");
  CLI11_PARSE(app, argc, argv);
  if (const auto done = run(given); !done) {
    fmt::print(stderr, "bench-silicon: {}\n", done.error().message());
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace exitledger::bench

int main(int argc, char** argv) { return exitledger::bench::main_of(argc, argv); }
