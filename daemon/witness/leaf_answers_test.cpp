// SPDX-License-Identifier: MIT
#include "witness/leaf_answers.h"

#include <gtest/gtest.h>

#include <chrono>

#include "microvm/kvm_test_support.h"
#include "microvm/leaf_program.h"
#include "microvm/machine.h"

namespace exitledger {
namespace {

constexpr leaf::Registers kRefused{0, 0, 0, 0xFFFFFFFF};
constexpr leaf::Registers kGoodSignature{1, leaf::kSignatureEbx, leaf::kSignatureEcx, leaf::kSignatureEdx};
constexpr std::uint32_t kVmxEpt = 1 | 1 << 2 | 0x1F << 8;

std::vector<LeafAnswer> answers(const std::vector<LeafQuery>& queries, const std::vector<leaf::Registers>& registers) {
  std::vector<LeafAnswer> result;
  for (std::size_t i = 0; i < queries.size(); ++i) result.push_back({queries[i], registers.at(i)});
  return result;
}

Result<LeafHost> host(const std::vector<leaf::Registers>& registers) {
  std::uint32_t entries = 0;
  return host_from(answers(host_queries(), registers), entries);
}

TEST(LeafSupport, ExtensionIsTheVersionOfTheAbi) {
  EXPECT_EQ(support_from(0), LeafSupport::kUnpatched);
  EXPECT_EQ(support_from(1), LeafSupport::kPatched);
  const auto newer = support_from(2);
  ASSERT_FALSE(newer);
  EXPECT_NE(newer.error().message().find("version 2"), std::string::npos);
}

TEST(LeafHost, VersionFlagsEpochAndTableLength) {
  std::uint32_t entries = 0;
  const auto good = host_from(
      answers(host_queries(), {kGoodSignature, {kVmxEpt, 87, 0, 0}, {0x11223344, 0x55667788, 0, 0}}), entries);
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_EQ(good->version, 1u);
  EXPECT_EQ(good->flags.vendor(), 1u);
  EXPECT_EQ(good->flags.paging(), 1u);
  EXPECT_TRUE(good->flags.allowed(leaf::Scope::kCpu));
  EXPECT_EQ(good->epoch, 0x5566778811223344u);
  EXPECT_EQ(entries, 87u);
}

TEST(LeafHost, EpochIsZeroWhereTheHostsScopeIsRefused) {
  EXPECT_EQ(host({kGoodSignature, {kVmxEpt, 87, 0, 0}, kRefused})->epoch, 0u);
}

TEST(LeafHost, JunkIsRefusedBeforeItCanBeRead) {
  const leaf::Registers instance{1, 1, 0, 0};
  EXPECT_FALSE(host({{22, 0x340, 0x340, 0}, {kVmxEpt, 87, 0, 0}, instance}))
      << "highest basic leaf of an unpatched Intel";
  EXPECT_FALSE(host({{}, {}, {}})) << "zeros";
  auto version2 = kGoodSignature;
  version2.eax = 2;
  EXPECT_FALSE(host({version2, {kVmxEpt, 87, 0, 0}, instance}));
  EXPECT_FALSE(host({kGoodSignature, {0, 87, 0, 0}, instance})) << "no vendor";
  EXPECT_FALSE(host({kGoodSignature, {1, 87, 0, 0}, instance})) << "no paging mode";
  EXPECT_FALSE(host({kGoodSignature, {kVmxEpt, 0xFFFFFFFF, 0, 0}, instance})) << "endless table";
  EXPECT_FALSE(host({kGoodSignature, kRefused, instance})) << "flags refused";
}

TEST(LeafTable, EntriesAreReasons) {
  const auto queries = table_queries(3);
  EXPECT_EQ(queries[2].ecx, 0x102u);
  const auto good = table_from(answers(queries, {{0, 0, 0, 0}, {10, 0, 0, 0}, {0xFE00, 0, 0, 0}}));
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, (std::vector<std::uint16_t>{0, 10, 0xFE00}));
  EXPECT_FALSE(table_from(answers(queries, {{}, {10, 0, 0, 0}, kRefused})));
  EXPECT_FALSE(table_from(answers(queries, {{}, {10, 0, 0, 0}, {0x10000, 0, 0, 0}})));
  EXPECT_FALSE(table_from(answers(queries, {{}, {10, 0, 0, 0}, {}}))) << "a reason twice";
}

TEST(SwitchedOff, TheMarkInAnyAnswer) {
  const kvm_cpuid_entry2 entry = off_mark();
  const leaf::Registers mark{entry.eax, entry.ebx, entry.ecx, entry.edx};
  const auto queries = table_queries(3);
  EXPECT_TRUE(switched_off(answers(queries, {{}, mark, {10, 0, 0, 0}})));
  EXPECT_TRUE(switched_off(answers(queries, {mark, {}, {}})));
  EXPECT_FALSE(switched_off(answers(queries, {{}, kRefused, {}})));
  EXPECT_FALSE(switched_off({}));
}

// What the mark relies on: KVM answers a leaf that nobody defines with the highest basic one.
TEST(SwitchedOff, KvmAnswersAnUnknownLeafWithTheMark) {
  EXITLEDGER_NEED_KVM(device);
  constexpr std::uint32_t kBase = 0x1000;
  const LeafProgram program(kBase, std::vector<CpuidQuery>{{leaf::kExits - 0x100, 0}, {leaf::kExits - 0x100, 77}});
  auto machine = Machine::create(device, {.base = kBase, .bytes = program.memory_bytes()});
  ASSERT_TRUE(machine) << machine.error().message();
  program.load_into(machine->memory());
  ASSERT_TRUE(machine->add_vcpu(kBase));
  ASSERT_TRUE(machine->set_cpuid({{off_mark()}}));
  const auto limit = RunLimit::arm(std::chrono::seconds(10));
  ASSERT_TRUE(limit);
  const auto exit = machine->run(*limit);
  ASSERT_TRUE(exit) << exit.error().message();
  for (const leaf::Registers& answer : program.answers_in(machine->memory()))
    EXPECT_TRUE(switched_off(std::vector<LeafAnswer>{{{}, answer}}));
}

}  // namespace
}  // namespace exitledger
