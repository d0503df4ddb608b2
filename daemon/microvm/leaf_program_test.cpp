// SPDX-License-Identifier: MIT
#include "microvm/leaf_program.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstring>
#include <vector>

#include "microvm/kvm_test_support.h"
#include "microvm/machine.h"

namespace exitledger {
namespace {

constexpr std::uint32_t kProgramBase = 0x1000;

TEST(LeafProgram, QueriesStandBehindTheCodeAndResultsBehindThem) {
  const std::array<CpuidQuery, 2> queries{{{1, 2}, {3, 4}}};
  const LeafProgram program(kProgramBase, queries);
  std::vector<std::byte> memory(program.memory_bytes());
  program.load_into(memory);
  std::array<std::uint32_t, 4> table{};
  std::memcpy(table.data(), memory.data() + 64, sizeof table);
  EXPECT_EQ(table, (std::array<std::uint32_t, 4>{1, 2, 3, 4}));

  const std::array<leaf::Registers, 2> results{{{10, 11, 12, 13}, {20, 21, 22, 23}}};
  std::memcpy(memory.data() + 64 + 16, results.data(), sizeof results);
  const auto answers = program.answers_in(memory);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0], results[0]);
  EXPECT_EQ(answers[1], results[1]);
}

TEST(LeafProgram, AHundredQueriesTouchOnePage) {
  EXPECT_EQ(LeafProgram(kProgramBase, std::vector<CpuidQuery>(1)).memory_bytes(), 4096u);
  EXPECT_EQ(LeafProgram(kProgramBase, std::vector<CpuidQuery>(168)).memory_bytes(), 4096u);
  EXPECT_EQ(LeafProgram(kProgramBase, std::vector<CpuidQuery>(169)).memory_bytes(), 8192u);
}

constexpr std::uint32_t kEntries = 7;

/// Leaf 0x40000000 with sub-leaves 0 to 6, every register different.
std::vector<kvm_cpuid_entry2> cpuid_table() {
  std::vector<kvm_cpuid_entry2> entries(kEntries);
  for (std::uint32_t i = 0; i < kEntries; ++i) {
    entries[i].function = 0x40000000;
    entries[i].index = i;
    entries[i].flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX;
    entries[i].eax = 100 + i, entries[i].ebx = 200 + i, entries[i].ecx = 300 + i, entries[i].edx = 400 + i;
  }
  return entries;
}

// The program on a real processor. The vCPU's own table answers, so that the test knows what to expect.
TEST(LeafProgram, AsksEveryQueryInOrderAndHalts) {
  EXITLEDGER_NEED_KVM(device);
  std::vector<CpuidQuery> queries;
  for (std::uint32_t i = 0; i < 199; ++i) queries.push_back({0x40000000, i % kEntries});
  const LeafProgram program(kProgramBase, queries);
  auto machine = Machine::create(device, {.base = kProgramBase, .bytes = program.memory_bytes()});
  ASSERT_TRUE(machine) << machine.error().message();
  program.load_into(machine->memory());
  const auto added = machine->add_vcpu(kProgramBase);
  ASSERT_TRUE(added) << added.error().message();
  const auto set = machine->set_cpuid(cpuid_table());
  ASSERT_TRUE(set) << set.error().message();

  const auto limit = RunLimit::arm(std::chrono::seconds(10));
  ASSERT_TRUE(limit);
  const auto exit = machine->run(*limit);
  ASSERT_TRUE(exit) << exit.error().message();
  ASSERT_TRUE(std::holds_alternative<vmexit::Halted>(*exit)) << describe(*exit);
  const auto answers = program.answers_in(machine->memory());
  for (std::uint32_t i = 0; i < queries.size(); ++i) {
    const std::uint32_t k = i % kEntries;
    EXPECT_EQ(answers[i], (leaf::Registers{100 + k, 200 + k, 300 + k, 400 + k})) << i;
  }
}

}  // namespace
}  // namespace exitledger
