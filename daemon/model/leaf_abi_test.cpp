// SPDX-License-Identifier: MIT
#include "model/leaf_abi.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace exitledger::leaf {
namespace {

TEST(LeafAbi, SignatureSpellsExitLedgerInRegisterOrder) {
  char text[12];
  const std::uint32_t words[] = {kSignatureEbx, kSignatureEcx, kSignatureEdx};
  std::memcpy(text, words, sizeof text);
  EXPECT_EQ(std::string(text, sizeof text), std::string("ExitLedger\0\0", 12));
}

TEST(LeafAbi, SignatureNeedsAllThreeRegisters) {
  const Registers good{kAbiVersion, kSignatureEbx, kSignatureEcx, kSignatureEdx};
  EXPECT_TRUE(has_signature(good));
  for (auto field : {&Registers::ebx, &Registers::ecx, &Registers::edx}) {
    Registers bad = good;
    bad.*field ^= 1;
    EXPECT_FALSE(has_signature(bad));
  }
  EXPECT_FALSE(has_signature({}));
}

TEST(LeafAbi, ScopeStandsAboveTheReason) {
  EXPECT_EQ(ecx_of(Scope::kDefault, 10), 10u);
  EXPECT_EQ(ecx_of(Scope::kCpu, 0xFE00), 0x0004FE00u);
}

TEST(LeafAbi, RefusedIsNotZeroAndNotACount) {
  EXPECT_TRUE(refused({0, 0, 0, 0xFFFFFFFF}));
  EXPECT_FALSE(refused({0, 0, 0, 0})) << "defined, has not happened";
  EXPECT_FALSE(refused({0, 0, 0, 0x0FFFFFFF})) << "a published patch's typo is not this ABI";
  EXPECT_FALSE(refused({1, 0, 0, 0xFFFFFFFF}));
}

TEST(LeafAbi, CountsHaveSixtyFourBits) {
  EXPECT_EQ(exits_in({0xFFFFFFFF, 1, 0, 0}), 0x1FFFFFFFFu);
  EXPECT_EQ(cycles_in({0, 2, 3, 0}), 0x200000003u);
}

TEST(LeafAbi, FlagsComeApart) {
  constexpr Flags ept{1u | 1u << 2 | 1u << 4 | 0b00111u << 8};
  static_assert(ept.vendor() == 1 && ept.paging() == 1 && ept.cycles_kept() && !ept.default_scope_is_host());
  EXPECT_TRUE(ept.allowed(Scope::kVm));
  EXPECT_FALSE(ept.allowed(Scope::kHost));
  EXPECT_FALSE(ept.allowed(Scope::kCpu));
  constexpr Flags npt{2u | 3u << 2 | 1u << 5 | 0b11111u << 8};
  static_assert(npt.vendor() == 2 && npt.paging() == 3 && !npt.cycles_kept() && npt.default_scope_is_host());
  EXPECT_TRUE(npt.allowed(Scope::kCpu));
}

TEST(Scope, NamesGoThereAndBack) {
  for (const auto& [name, scope] : leaf::kScopes) {
    EXPECT_EQ(to_string(scope), name);
    EXPECT_EQ(leaf::scope_from(name), scope);
  }
  EXPECT_EQ(leaf::scope_from("world"), std::nullopt);
}

}  // namespace
}  // namespace exitledger::leaf
