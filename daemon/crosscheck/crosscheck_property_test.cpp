// SPDX-License-Identifier: MIT
// Random exits on three CPUs: perfect books always agree; one spoilt event anywhere between two sweeps never does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "crosscheck/crosscheck.h"
#include "crosscheck/simulated_host.h"

namespace exitledger {
namespace {

constexpr std::uint32_t kCpus = 3;
constexpr unsigned kStreams = 60, kSweeps = 6;
const std::vector<Reason> kReasons{0, 1, vmx::kCpuid, vmx::kHlt, vmx::kCrAccess, vmx::kEptViolation, kReasonUnknown};

class Stream {
 public:
  explicit Stream(unsigned seed) : random_(seed) {}

  unsigned below(unsigned bound) { return std::uniform_int_distribution<unsigned>{0, bound - 1}(random_); }
  bool coin() { return below(2) == 1; }
  std::uint32_t cpu() { return below(kCpus); }
  Reason reason() { return kReasons[below(static_cast<unsigned>(kReasons.size()))]; }

  /// Some exits, none at times.
  void run(SimulatedHost& host) {
    for (unsigned exits = below(40); exits > 0; --exits) host.exit(cpu(), reason());
  }
  /// A sweep under load: CPUs not being read go on between the turns, and the reader's own CPUID exits count.
  Reading sweep(SimulatedHost& host) {
    return host.sweep([&] {
      run(host);
      host.own_exit(cpu(), vmx::kCpuid, kReasons.size());
    });
  }

 private:
  std::mt19937 random_;
};

/// Starts a session over books that already differ by chance; with bases the leaf starts at zero.
CrossCheck begin(Stream& stream, SimulatedHost& host, bool at_load) {
  for (unsigned i = 0; i < 20; ++i) host.in_ebpf(stream.cpu(), stream.reason());
  if (at_load) return {Vendor::kVmx, host.bases()};
  for (unsigned i = 0; i < 20; ++i) host.in_leaf(stream.cpu(), stream.reason());
  return {Vendor::kVmx, {}};
}

TEST(CrossCheckProperty, PerfectBooksAgreeAtEverySweepUnderLoad) {
  for (unsigned seed = 0; seed < kStreams; ++seed) {
    Stream stream(seed);
    SimulatedHost host(kCpus, kReasons);
    const bool at_load = stream.coin();
    CrossCheck check = begin(stream, host, at_load);
    for (unsigned sweep = 1; sweep <= kSweeps; ++sweep) {
      stream.run(host);
      check.accept(stream.sweep(host), 0);
      const Verdict expected = at_load || sweep > 1 ? Verdict::kAgrees : Verdict::kWithinBracket;
      ASSERT_EQ(check.verdict(), expected) << "seed " << seed << " sweep " << sweep << ": " << check.why();
      for (const ReasonVerdict& row : check.reasons()) {
        ASSERT_EQ(row.ebpf, row.leaf) << "seed " << seed;
        ASSERT_EQ(row.residual, 0) << "seed " << seed;
      }
    }
  }
}

struct Spoilt {
  Reason reason;
  std::int64_t residual;  ///< of that reason
};
struct FaultKind {
  const char* name;
  std::function<Spoilt(SimulatedHost&, Stream&)> spoil;
};

class OneSpoiltEvent : public testing::TestWithParam<FaultKind> {};

TEST_P(OneSpoiltEvent, IsCaughtAtTheNextSweepAndNamed) {
  for (unsigned seed = 0; seed < kStreams; ++seed) {
    Stream stream(seed);
    SimulatedHost host(kCpus, kReasons);
    const bool at_load = stream.coin();
    CrossCheck check = begin(stream, host, at_load);
    // Without bases nothing can be said of what came before the first sweep.
    const unsigned spoilt_before = (at_load ? 1 : 2) + stream.below(kSweeps - 1);
    Spoilt spoilt{};
    for (unsigned sweep = 1; sweep <= kSweeps; ++sweep) {
      stream.run(host);
      if (sweep == spoilt_before) spoilt = GetParam().spoil(host, stream);
      stream.run(host);
      check.accept(stream.sweep(host), 0);
      if (sweep < spoilt_before) {
        ASSERT_NE(check.verdict(), Verdict::kDisagrees) << "seed " << seed;
      } else {
        ASSERT_EQ(check.verdict(), Verdict::kDisagrees) << "seed " << seed << " sweep " << sweep;
        ASSERT_EQ(row_of(check, spoilt.reason).residual, spoilt.residual) << "seed " << seed;
        ASSERT_THAT(check.why(), testing::HasSubstr(reason_label(Vendor::kVmx, spoilt.reason)));
      }
    }
  }
}

Reason other_than(Reason reason) { return reason == vmx::kHlt ? vmx::kCpuid : vmx::kHlt; }

INSTANTIATE_TEST_SUITE_P(CrossCheck, OneSpoiltEvent,
                         testing::Values(FaultKind{"LostByProbe",
                                                   [](SimulatedHost& host, Stream& stream) -> Spoilt {
                                                     const Reason reason = stream.reason();
                                                     host.in_leaf(stream.cpu(), reason);
                                                     return {reason, 1};
                                                   }},
                                         FaultKind{"LostByLeaf",
                                                   [](SimulatedHost& host, Stream& stream) -> Spoilt {
                                                     const Reason reason = stream.reason();
                                                     host.in_ebpf(stream.cpu(), reason);
                                                     return {reason, -1};
                                                   }},
                                         FaultKind{"CountedTwiceByLeaf",
                                                   [](SimulatedHost& host, Stream& stream) -> Spoilt {
                                                     const Reason reason = stream.reason();
                                                     const std::uint32_t cpu = stream.cpu();
                                                     host.exit(cpu, reason);
                                                     host.in_leaf(cpu, reason);
                                                     return {reason, 1};
                                                   }},
                                         FaultKind{"CountedTwiceByProbe",
                                                   [](SimulatedHost& host, Stream& stream) -> Spoilt {
                                                     const Reason reason = stream.reason();
                                                     const std::uint32_t cpu = stream.cpu();
                                                     host.exit(cpu, reason);
                                                     host.in_ebpf(cpu, reason);
                                                     return {reason, -1};
                                                   }},
                                         FaultKind{"UnderAnotherReason",
                                                   [](SimulatedHost& host, Stream& stream) -> Spoilt {
                                                     const Reason reason = stream.reason();
                                                     const std::uint32_t cpu = stream.cpu();
                                                     host.in_leaf(cpu, reason);
                                                     host.in_ebpf(cpu, other_than(reason));
                                                     return {reason, 1};
                                                   }},
                                         FaultKind{"OnAnotherCpu",
                                                   [](SimulatedHost& host, Stream& stream) -> Spoilt {
                                                     const Reason reason = stream.reason();
                                                     const std::uint32_t cpu = stream.cpu();
                                                     host.in_leaf(cpu, reason);
                                                     host.in_ebpf((cpu + 1) % kCpus, reason);
                                                     return {reason, 2};
                                                   }}),
                         [](const auto& test) { return test.param.name; });

// Brackets: eBPF read, leaf read, eBPF read again, exits on the same CPU in between; the leaf counts first.
TEST(CrossCheckProperty, BracketsOfPerfectBooksNeverDisagree) {
  for (unsigned seed = 0; seed < kStreams; ++seed) {
    Stream stream(seed);
    SimulatedHost host(kCpus, kReasons);
    CrossCheck check = begin(stream, host, stream.coin());
    for (unsigned sweep = 1; sweep <= kSweeps; ++sweep) {
      Reading reading;
      for (std::uint32_t cpu = 0; cpu < kCpus; ++cpu) {
        reading.cpus.push_back(cpu);
        for (const Reason reason : kReasons) {
          Round round = host.exact_round(cpu, reason);
          stream.run(host);
          const bool inside = stream.coin();  // one exit between increment and tracepoint while the leaf is read
          if (inside) host.in_leaf(cpu, reason);
          round.leaf = host.leaf(cpu, reason);
          stream.run(host);
          round.window = 1;
          round.ebpf_after = host.ebpf(cpu, reason);
          if (inside) host.in_ebpf(cpu, reason);
          reading.rounds.push_back(round);
        }
      }
      check.accept(reading, 0);
      ASSERT_EQ(check.verdict(), Verdict::kWithinBracket) << "seed " << seed << ": " << check.why();
    }
  }
}

}  // namespace
}  // namespace exitledger
