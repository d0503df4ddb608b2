// SPDX-License-Identifier: MIT
#include "witness/leaf_answers.h"

#include <gtest/gtest.h>

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
  const leaf::Registers flags{kVmxEpt, 3, 0, 0};
  const auto queries = table_queries(3);
  EXPECT_EQ(queries[3].ecx, 0x102u);
  const auto good = table_from(answers(queries, {flags, {0, 0, 0, 0}, {10, 0, 0, 0}, {0xFE00, 0, 0, 0}, flags}));
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, (std::vector<std::uint16_t>{0, 10, 0xFE00}));
  EXPECT_FALSE(table_from(answers(queries, {flags, {}, {10, 0, 0, 0}, kRefused, flags})));
  EXPECT_FALSE(table_from(answers(queries, {flags, {}, {10, 0, 0, 0}, {0x10000, 0, 0, 0}, flags})));
  EXPECT_FALSE(table_from(answers(queries, {flags, {}, {10, 0, 0, 0}, {}, flags}))) << "off and on again in between";
}

// Reason 0 has a table entry of zeros, which is what every query gets from a leaf that is off.
TEST(LeafTable, SwitchedOffInTheMiddleIsSeenAtItsEnd) {
  const auto queries = table_queries(3);
  const leaf::Registers flags{kVmxEpt, 3, 0, 0};
  EXPECT_FALSE(switched_off(answers(queries, {flags, {}, {10, 0, 0, 0}, {0xFE00, 0, 0, 0}, flags})));
  EXPECT_TRUE(switched_off(answers(queries, {flags, {}, {10, 0, 0, 0}, {}, {}})));
  EXPECT_TRUE(switched_off(answers(queries, {{}, {}, {10, 0, 0, 0}, {0xFE00, 0, 0, 0}, flags})));
}

TEST(SwitchedOff, ZerosWhereAnAnswerCannotBeZero) {
  using leaf::Scope;
  const leaf::Registers zeros{};
  for (const LeafQuery& query : {LeafQuery{leaf::kInfo, 0},
                                 {leaf::kInfo, 1},
                                 {leaf::kInfo, leaf::ecx_of(Scope::kVm, 2)},
                                 {leaf::kTotal, 0xDEAD},
                                 {leaf::kExits, leaf::ecx_of(Scope::kCpu, kReasonAll)}}) {
    EXPECT_TRUE(switched_off(std::vector<LeafAnswer>{{query, zeros}})) << std::hex << query.eax << ' ' << query.ecx;
    EXPECT_FALSE(switched_off(std::vector<LeafAnswer>{{query, kRefused}}));
  }
}

TEST(SwitchedOff, ZerosThatSayHasNotHappenedAreNoReason) {
  for (const LeafQuery& query : {LeafQuery{leaf::kExits, vmx::kPmlFull}, {leaf::kCycles, 10}, {leaf::kInfo, 0x100}}) {
    EXPECT_FALSE(switched_off(std::vector<LeafAnswer>{{query, {}}}));
  }
  EXPECT_FALSE(switched_off({}));
}

}  // namespace
}  // namespace exitledger
