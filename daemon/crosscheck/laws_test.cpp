// SPDX-License-Identifier: MIT
// The tables published for the course experiment that this project repeats, judged by the laws of the paging modes.
#include "crosscheck/laws.h"

#include <gtest/gtest.h>

#include <string>

namespace exitledger {
namespace {

struct Published {
  std::string author;
  NetCounts ept, shadow;
};

// Clean pairs: counters fresh, mode really switched. Rows that are 0 in both columns are left out.
std::vector<Published> sound_tables() {
  return {
      {"cvamsik",
       {{0, 6'555},
        {10, 15'685},
        {28, 14'518},
        {29, 2},
        {30, 494'092},
        {31, 352},
        {40, 2'622},
        {48, 153'700},
        {54, 9},
        {55, 3}},
       {{0, 1'382'111},
        {10, 16'262},
        {14, 163'443},
        {28, 7'667'001},
        {29, 2},
        {30, 133'694},
        {31, 346},
        {40, 3'109},
        {48, 0},
        {54, 8},
        {55, 3},
        {58, 119'006}}},
      {"nicolashanout",
       {{0, 8'407},
        {1, 25'481},
        {7, 6'352},
        {10, 132'076},
        {12, 27'229},
        {14, 0},
        {28, 18'175},
        {29, 2},
        {30, 132'365},
        {31, 720},
        {32, 21'545},
        {44, 11},
        {48, 35'708},
        {49, 30'422},
        {52, 11'029},
        {54, 9}},
       {{0, 1'566'621},
        {1, 196'779},
        {7, 112'413},
        {10, 132'252},
        {12, 18'029},
        {14, 171'510},
        {28, 8'618'699},
        {29, 2},
        {30, 139'731},
        {31, 852},
        {32, 111'076},
        {44, 11},
        {48, 0},
        {49, 0},
        {52, 98'615},
        {54, 8}}},
      {"akshay",
       {{0, 9},
        {1, 9'425},
        {7, 2'630},
        {10, 541'793},
        {12, 9'886},
        {28, 1'071'770},
        {29, 2},
        {30, 958'254},
        {31, 324},
        {32, 21'175},
        {40, 3'796},
        {44, 11},
        {48, 126'079},
        {49, 15'665},
        {52, 3'272},
        {54, 9}},
       {{0, 1'142'229},
        {1, 147'513},
        {7, 7'486},
        {10, 111'975},
        {12, 7'410},
        {14, 107'259},
        {28, 3'507'227},
        {29, 2},
        {30, 1'034'381},
        {31, 319},
        {32, 27'912},
        {40, 4'577},
        {44, 11},
        {48, 0},
        {52, 7'447},
        {54, 8}}},
      {"ZSYang+Patel",
       {{0, 6'741},
        {1, 7'415},
        {7, 935},
        {10, 90'010},
        {12, 2'264},
        {28, 14'737},
        {29, 1},
        {30, 195'973},
        {31, 283},
        {32, 5'762},
        {40, 30},
        {48, 365'434},
        {49, 6'986},
        {54, 6},
        {55, 2}},
       {{0, 252'436},
        {1, 6'159},
        {7, 6'503},
        {10, 97'495},
        {12, 444},
        {14, 98'810},
        {28, 1'640'347},
        {29, 1},
        {30, 175'583},
        {31, 239},
        {32, 11'490},
        {33, 12'314},
        {40, 24},
        {48, 0},
        {49, 0},
        {54, 6},
        {55, 2},
        {58, 26'815}}},
      {"jayashree",
       {{0, 16'896}, {14, 0}, {28, 775'415}, {58, 0}},
       {{0, 1'926'000}, {14, 174'268}, {28, 10'268'766}, {58, 136'629}}},
      {"ethandu7, both columns without EPT",
       {},
       {{0, 1'991'111}, {1, 98'208}, {7, 88'590}, {10, 135'874}, {14, 200'010}, {28, 10'359'014}, {58, 164'327}}},
  };
}

TEST(Laws, SoundPublishedTablesPass) {
  for (const Published& table : sound_tables()) {
    EXPECT_TRUE(broken_laws({Vendor::kVmx, Paging::kEpt}, table.ept).empty()) << table.author;
    EXPECT_TRUE(broken_laws({Vendor::kVmx, Paging::kShadow}, table.shadow).empty()) << table.author;
  }
}

TEST(Laws, TheSameTablesUnderTheOtherModesNameFail) {
  for (const Published& table : sound_tables()) {
    EXPECT_FALSE(broken_laws({Vendor::kVmx, Paging::kEpt}, table.shadow).empty()) << table.author;
    if (!table.ept.contains(vmx::kEptViolation)) continue;
    EXPECT_FALSE(broken_laws({Vendor::kVmx, Paging::kShadow}, table.ept).empty()) << table.author;
  }
}

TEST(Laws, SeedOneWasTakenWithEptStillOn) {
  const NetCounts without_ept{{0, 15'646}, {14, 0}, {48, 14'815'853}, {58, 0}};
  const auto broken = broken_laws({Vendor::kVmx, Paging::kShadow}, without_ept);
  ASSERT_EQ(broken.size(), 1u);
  EXPECT_EQ(broken[0].law, "no-ept-violation-under-shadow");
  EXPECT_EQ(broken[0].reason, vmx::kEptViolation);
  EXPECT_EQ(broken[0].count, 14'815'853u);
}

TEST(Laws, EveryLawCatchesOneExitAndNoOtherModes) {
  for (const Law& law : laws()) {
    const NetCounts one{{law.reason, 1}};
    const auto broken = broken_laws({law.vendor, law.paging}, one);
    ASSERT_EQ(broken.size(), 1u) << law.name;
    EXPECT_EQ(broken[0].law, law.name);
    for (const Paging other : {Paging::kEpt, Paging::kNpt, Paging::kShadow}) {
      if (other == law.paging) continue;
      EXPECT_TRUE(broken_laws({law.vendor, other}, one).empty()) << law.name;
    }
    const Vendor other = law.vendor == Vendor::kVmx ? Vendor::kSvm : Vendor::kVmx;
    EXPECT_TRUE(broken_laws({other, law.paging}, one).empty()) << law.name;
    EXPECT_EQ(broken_laws({law.vendor, law.paging, true}, one).empty(), !law.holds_with_nested) << law.name;
  }
}

TEST(Laws, TheTableHoldsWhatTheDesignStates) {
  const auto reasons = [](Vendor vendor, Paging paging) {
    std::vector<Reason> found;
    for (const Law& law : laws()) {
      if (law.vendor == vendor && law.paging == paging) found.push_back(law.reason);
    }
    return found;
  };
  EXPECT_EQ(reasons(Vendor::kVmx, Paging::kShadow), (std::vector<Reason>{48, 49, 62}));
  EXPECT_EQ(reasons(Vendor::kVmx, Paging::kEpt), (std::vector<Reason>{14, 58}));
  EXPECT_EQ(reasons(Vendor::kSvm, Paging::kShadow), (std::vector<Reason>{0x400, 0x401, 0x402, 0x403}));
  EXPECT_EQ(reasons(Vendor::kSvm, Paging::kNpt), (std::vector<Reason>{0x4E, 0x03, 0x13, 0x79}));
}

TEST(Laws, NestedGuestsVoidTheLawsOfInterceptsAndNoOthers) {
  for (const Law& law : laws()) EXPECT_EQ(law.holds_with_nested, law.paging == Paging::kShadow) << law.name;
}

TEST(Laws, EachVendorHasThoseOfItsOwnModes) {
  EXPECT_TRUE(has_laws(Vendor::kVmx, Paging::kEpt));
  EXPECT_TRUE(has_laws(Vendor::kVmx, Paging::kShadow));
  EXPECT_FALSE(has_laws(Vendor::kVmx, Paging::kNpt));
  EXPECT_TRUE(has_laws(Vendor::kSvm, Paging::kNpt));
  EXPECT_TRUE(has_laws(Vendor::kSvm, Paging::kShadow));
  EXPECT_FALSE(has_laws(Vendor::kSvm, Paging::kEpt));
}

// One boot of a Linux guest with 50 forks in the lab's AMD host under each mode.
TEST(Laws, CountsOfTheLabKeepTheLawsOfTheirModeAndBreakTheOthers) {
  const NetCounts npt{{0x60, 899}, {0x64, 109}, {0x72, 2'536}, {0x7B, 639}, {0x7C, 656}, {svm::kNpf, 1'466}};
  const NetCounts shadow{{svm::kReadCr3, 531},
                         {svm::kWriteCr3, 18'315},
                         {svm::kPageFault, 51'531},
                         {0x60, 923},
                         {0x64, 396},
                         {0x72, 2'536},
                         {svm::kInvlpg, 7'214},
                         {0x7C, 1'252}};
  EXPECT_TRUE(broken_laws({Vendor::kSvm, Paging::kNpt}, npt).empty());
  EXPECT_TRUE(broken_laws({Vendor::kSvm, Paging::kShadow}, shadow).empty());
  EXPECT_EQ(broken_laws({Vendor::kSvm, Paging::kShadow}, npt).size(), 1u);
  EXPECT_EQ(broken_laws({Vendor::kSvm, Paging::kNpt}, shadow).size(), 4u);
}

TEST(Laws, AVmrunVoidsTheNptLawsOnly) {
  NetCounts counts{{svm::kPageFault, 7}, {svm::kVmrun, 1}};
  EXPECT_TRUE(ran_nested(Vendor::kSvm, counts));
  EXPECT_TRUE(broken_laws({Vendor::kSvm, Paging::kNpt, true}, counts).empty());
  counts[svm::kNpf] = 1;
  EXPECT_EQ(broken_laws({Vendor::kSvm, Paging::kShadow, true}, counts).size(), 1u);
}

ReasonVerdict row(Reason reason, std::uint64_t ebpf, std::uint64_t leaf, std::uint64_t own) {
  ReasonVerdict row;
  row.reason = reason;
  row.ebpf = ebpf;
  row.leaf = leaf;
  row.own = own;
  return row;
}

TEST(Laws, ASessionIsJudgedNetOfTheReadersOwnExits) {
  Session session;
  session.paging = Paging::kEpt;
  session.reasons = {row(vmx::kInvlpg, 5, 5, 5)};
  EXPECT_TRUE(broken_laws(session).empty());
  session.reasons = {row(vmx::kInvlpg, 6, 6, 5)};
  ASSERT_EQ(broken_laws(session).size(), 1u);
  EXPECT_EQ(broken_laws(session)[0].count, 1u);
}

TEST(Laws, EitherBookAloneBreaksALaw) {
  Session session;
  session.paging = Paging::kShadow;
  session.reasons = {row(vmx::kEptViolation, 0, 3, 0)};
  EXPECT_EQ(broken_laws(session).size(), 1u);
  session.reasons = {row(vmx::kEptViolation, 3, 0, 0)};
  EXPECT_EQ(broken_laws(session).size(), 1u);
}

TEST(Laws, ExitsThatNoReadingCoveredCountToo) {
  Session session;
  session.paging = Paging::kShadow;
  session.ebpf.at[vmx::kEptViolation] = 2;
  ASSERT_EQ(broken_laws(session).size(), 1u);
  EXPECT_EQ(broken_laws(session)[0].count, 2u);
}

TEST(Laws, AGuestThatLaunchesGuestsVoidsTheEptLawsOnly) {
  constexpr Reason kVmlaunch = 20;
  Session session;
  session.paging = Paging::kEpt;
  session.reasons = {row(vmx::kInvlpg, 6, 6, 0), row(kVmlaunch, 1, 1, 0)};
  EXPECT_TRUE(broken_laws(session).empty());
  session.reasons[1].own = 1;  // the calibration's VMLAUNCH makes no nested guest
  EXPECT_EQ(broken_laws(session).size(), 1u);
  session.paging = Paging::kShadow;
  session.reasons = {row(vmx::kEptViolation, 1, 1, 0), row(kVmlaunch, 1, 1, 0)};
  EXPECT_EQ(broken_laws(session).size(), 1u);
}

}  // namespace
}  // namespace exitledger
