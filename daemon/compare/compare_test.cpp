// SPDX-License-Identifier: MIT
#include "compare/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.h"
#include "compare/comparison_for_tests.h"
#include "session/sessions_for_tests.h"

namespace exitledger {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Compare, CountsAreNetOfTheReadersOwn) {
  const Comparison comparison = compare(ept_session(), shadow_session());
  const ComparedReason& cpuid = row_of(comparison, vmx::kCpuid);
  EXPECT_EQ(cpuid.a.books.ebpf, 1'655u);
  EXPECT_EQ(cpuid.a.books.leaf, 1'655u);
  EXPECT_EQ(cpuid.b.books.ebpf, 1'650u);
  EXPECT_EQ(cpuid.difference, -5);
  EXPECT_TRUE(cpuid.proven);
}

TEST(Compare, RatioIsAbsentWhereAIsZero) {
  const Comparison comparison = compare(ept_session(), shadow_session());
  EXPECT_FALSE(row_of(comparison, vmx::kException).ratio);
  EXPECT_DOUBLE_EQ(row_of(comparison, vmx::kCrAccess).ratio.value_or(0), 1799.7);
  EXPECT_DOUBLE_EQ(row_of(comparison, vmx::kEptViolation).ratio.value_or(-1), 0);
}

TEST(Compare, TotalIsTheSumOfTheRows) {
  const Comparison comparison = compare(ept_session(), shadow_session());
  std::uint64_t a = 0, b = 0;
  for (const ComparedReason& row : comparison.reasons) {
    a += row.a.books.ebpf;
    b += row.b.books.leaf.value_or(0);
    EXPECT_NE(row.reason, kReasonAll);
  }
  EXPECT_EQ(comparison.total.a.books.ebpf, a);
  EXPECT_EQ(comparison.total.b.books.leaf, b);
  EXPECT_EQ(comparison.total.difference, static_cast<std::int64_t>(b - a));
  EXPECT_TRUE(comparison.total.proven);
}

TEST(Compare, ReasonsThatOnlyTheReaderCausedHaveNoRow) {
  const Session a = agreed_session("1", Paging::kEpt, {{10, 80, 80}, {30, 5}});
  const Comparison comparison = compare(a, a);
  ASSERT_EQ(comparison.reasons.size(), 1u);
  EXPECT_EQ(comparison.reasons[0].reason, vmx::kIo);
}

TEST(Compare, ASessionWithoutLeafHasAbsentCountsAndNoProof) {
  Session a = ept_session();
  a.reasons.clear();
  a.raw.clear();
  a.leaf = LeafState::kAbsent;
  a.verdict = Verdict::kCannotTell;
  a.why = "leaf absent";
  a.ebpf.at[35] = 2;  // a code that the manuals do not define
  const Comparison comparison = compare(a, shadow_session());
  EXPECT_EQ(row_of(comparison, vmx::kEptViolation).a.books.ebpf, 592u);
  EXPECT_FALSE(row_of(comparison, vmx::kEptViolation).a.books.leaf);
  EXPECT_FALSE(row_of(comparison, vmx::kException).a.books.leaf) << "absent is not zero";
  EXPECT_EQ(row_of(comparison, kReasonUnknown).a.books.ebpf, 2u);
  EXPECT_FALSE(comparison.total.a.books.leaf);
  EXPECT_FALSE(comparison.total.proven);
  EXPECT_THAT(to_text(comparison), HasSubstr("absent"));
  EXPECT_FALSE(comparison.objections.empty());
}

TEST(Compare, WhatCouldNotBeNettedIsSaid) {
  Session a = ept_session();
  a.reasons.clear();
  a.raw.clear();
  a.leaf = LeafState::kAbsent;
  a.own_exits = 1'234;
  const Comparison comparison = compare(a, shadow_session());
  EXPECT_THAT(comparison.notes, testing::Contains(HasSubstr("1,234 exits of the reader's own are in the counts of A")));
  EXPECT_THAT(comparison.notes, Not(testing::Contains(HasSubstr("counts of B"))));
  EXPECT_THAT(to_text(comparison), HasSubstr("net of the reader's own where the leaf was read; "));
  EXPECT_THAT(to_text(compare(ept_session(), shadow_session())), HasSubstr("Exits net of the reader's own; "));
}

TEST(Compare, ATinyRatioIsNotNothing) {
  const Session a = agreed_session("1", Paging::kEpt, {{30, 100'000}});
  const Session b = agreed_session("2", Paging::kEpt, {{30, 100}});
  EXPECT_THAT(paragraph(compare(a, b)), HasSubstr("(<0.01 times as many)"));
}

TEST(Compare, SoundPairHasNoObjection) {
  EXPECT_THAT(compare(ept_session(), shadow_session()).objections, IsEmpty());
  EXPECT_THAT(compare(ept_session(), shadow_session()).notes, IsEmpty()) << "the mode's own parameter is no news";
}

struct BadCase {
  const char* name;
  void (*spoil)(Session&);
  const char* said;
};

class BadComparison : public testing::TestWithParam<BadCase> {};

TEST_P(BadComparison, SaysSoBeforeItShowsANumber) {
  for (const bool first : {true, false}) {
    Session a = ept_session();
    Session b = shadow_session();
    GetParam().spoil(first ? a : b);
    const Comparison comparison = compare(a, b);
    ASSERT_FALSE(comparison.objections.empty());
    EXPECT_THAT(comparison.objections, testing::Contains(HasSubstr(GetParam().said)));
    EXPECT_THAT(comparison.objections, testing::Contains(HasSubstr(first ? "A" : "B")));
    EXPECT_EQ(to_text(comparison).find("NOT A SOUND COMPARISON"), 0u);
    EXPECT_EQ(paragraph(comparison).find("This is not a sound comparison: "), 0u);
    EXPECT_THAT(paragraph(comparison), Not(HasSubstr("stands in both")));
    EXPECT_EQ(to_json(comparison)["sound"], false);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Compare, BadComparison,
    testing::Values(BadCase{"Disagrees",
                            [](Session& s) {
                              s.verdict = Verdict::kDisagrees;
                              s.why = "CPUID";
                            },
                            "disagrees"},
                    BadCase{"Bracket", [](Session& s) { s.verdict = Verdict::kWithinBracket; }, "within bracket"},
                    BadCase{"Losses", [](Session& s) { s.losses.cause[EL_LOSS_READ_FAILED] = 5; }, "lost 5 events"},
                    BadCase{"Law",
                            [](Session& s) {
                              s.laws_broken = {{"no-ept-violation-under-shadow", 48, 14'815'853}};
                            },
                            "no-ept-violation-under-shadow: 14,815,853 exits of EPT_VIOLATION"}),
    [](const auto& test) { return test.param.name; });

TEST(Compare, OtherVendorsAreNotCompared) {
  Session svm = shadow_session();
  svm.vendor = Vendor::kSvm;
  const Comparison comparison = compare(ept_session(), svm);
  EXPECT_FALSE(comparison.objections.empty());
  EXPECT_TRUE(comparison.reasons.empty());
  EXPECT_THAT(paragraph(comparison), HasSubstr("vendors differ"));
}

TEST(Compare, WhatElseDiffersIsNoted) {
  Session b = shadow_session();
  b.kernel = "6.12.0";
  b.parameters["kvm_intel.vpid"] = "N";
  b.ended_unix_ns = 0;
  EXPECT_THAT(compare(ept_session(), b).notes,
              testing::ElementsAre("other kernels: A 6.1.0-test, B 6.12.0", "B still runs",
                                   "kvm_intel.vpid was Y when A began, N when B began"));
}

TEST(Compare, ExitsAfterTheLastReadingAreNotPassedOver) {
  Session a = ept_session();
  a.ebpf.at[EL_INDEX_ALL] = judged_exits(a) + 3415;
  EXPECT_THAT(
      compare(a, shadow_session()).notes,
      testing::Contains("3,415 exits of A came after its last reading: only eBPF counted them, and they are left out"));
  a.ebpf.at[EL_INDEX_ALL] = judged_exits(a);
  EXPECT_THAT(compare(a, shadow_session()).notes, testing::IsEmpty());
}

TEST(Compare, NothingInBothBooksIsZeroAndNotAbsent) {
  const Session idle = agreed_session("1", Paging::kEpt, {});
  const Comparison comparison = compare(idle, ept_session());
  EXPECT_EQ(comparison.total.a.books.leaf, 0);
  EXPECT_THAT(paragraph(compare(ept_session(), idle)), Not(HasSubstr("0.00 times")));
}

TEST(Compare, LawsAreNotClaimedToBeKeptWhereNoneIsKnown) {
  const Session a = agreed_session("1", Paging::kNpt, {{48, 5}});  // NPT is no mode of VMX
  EXPECT_THAT(to_text(compare(a, a)), Not(HasSubstr("kept")));
  EXPECT_THAT(compare(a, a).notes, testing::Contains(HasSubstr("no law")));
}

TEST(Compare, LawsOfSvmAreKept) {
  Session a = agreed_session("1", Paging::kNpt, {{0x400, 5}});
  a.vendor = Vendor::kSvm;
  Session b = a;
  b.id = "2";
  EXPECT_THAT(to_text(compare(a, b)), HasSubstr("kept"));
  EXPECT_TRUE(compare(a, b).notes.empty());
}

// --- text ------------------------------------------------------------------------------------------------------------

TEST(CompareText, IsAlignedAndGrouped) {
  const std::vector<std::string> lines = lines_of(to_text(compare(ept_session(), shadow_session())));
  std::size_t rows = 0;
  for (const std::string& line : lines) rows += line.ends_with(" -") || line.find(',') != std::string::npos ? 1U : 0U;
  EXPECT_GE(rows, 9u);
  std::size_t ratio = 0, share = 0;  // where the columns end
  for (const std::string& line : lines) {
    if (line.find("A eBPF") == std::string::npos) continue;
    ratio = line.find("B/A") + 3;
    share = line.size();
  }
  ASSERT_GT(ratio, 0u);
  for (const std::string& line : lines) {
    if (line.find("EXCEPTION_NMI") == std::string::npos) continue;
    EXPECT_EQ(line.size(), share) << line;
  }
  const std::string& total = lines[lines.size() - 2];
  EXPECT_THAT(total, HasSubstr("total"));
  EXPECT_THAT(total, HasSubstr("122,738"));
  EXPECT_EQ(total.size(), ratio) << "it is no part of itself";
}

TEST(CompareText, NeverExceedsAHundredColumns) {
  const auto max = std::numeric_limits<std::uint64_t>::max() / 4;
  Session a = agreed_session("1", Paging::kEpt, {{10, 1}, {30, max}, {56, max}});
  a.name = std::string(300, 'n') + "\n\x1b[31m";
  a.verdict = Verdict::kCannotTell;
  a.why = "a long clause, " + std::string(20, 'x') +
          " repeated at length and again and again, as long as it takes to break the line";
  a.laws_broken = {{"no-ept-violation-under-shadow", 48, 1}, {"no-ept-misconfig-under-shadow", 49, 1}};
  a.parameters["kvm_intel.vpid"] = "N";
  const std::string text = to_text(compare(a, shadow_session()));
  for (const std::string& line : lines_of(text)) EXPECT_LE(line.size(), 100u) << line;
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "a name must not drive the terminal";
}

TEST(CompareText, UnprovenRowsAreMarked) {
  Session b = shadow_session();
  b.verdict = Verdict::kDisagrees;
  b.reasons[0].verdict = Verdict::kDisagrees;
  const auto lines = lines_of(to_text(compare(ept_session(), b)));
  for (const std::string& line : lines) {
    const bool disagrees = line.find("EXCEPTION_NMI") != std::string::npos;
    const bool is_row = disagrees || line.find("MSR_READ") != std::string::npos;
    EXPECT_EQ(is_row && line.ends_with(" !"), disagrees) << line;
  }
  EXPECT_TRUE(lines[lines.size() - 2].ends_with(" !"));
}

TEST(CompareText, GroupedAndWrapped) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
  EXPECT_EQ(wrapped("aa bb cc", 5), "aa bb\ncc");
  EXPECT_EQ(wrapped("  - aa bb", 6, 4), "  - aa\n    bb");
  EXPECT_EQ(wrapped("unbreakable", 4), "unbreakable");
  EXPECT_EQ(wrapped("  unbreakable x", 4), "  unbreakable\nx");
  EXPECT_EQ(wrapped("", 5), "");
}

// --- paragraph -------------------------------------------------------------------------------------------------------

TEST(CompareParagraph, ExplainsShadowAgainstEpt) {
  const std::string text = paragraph(compare(ept_session(), shadow_session()));
  EXPECT_THAT(
      text,
      HasSubstr("Under EPT (A) there were 79,272 exits, under shadow paging (B) 122,738, 43,466 more (1.55 times"));
  EXPECT_THAT(text,
              HasSubstr("EXCEPTION_NMI (0 to 23,224, 53%: under shadow paging KVM has to see the guest's page faults"));
  EXPECT_THAT(text, HasSubstr("each load of CR3"));
  EXPECT_THAT(text, HasSubstr("EPT_VIOLATION (592 to 0"));
  EXPECT_THAT(text, HasSubstr("about the same time"));
  EXPECT_THAT(text, HasSubstr("Equal to the last exit: MSR_READ, MSR_WRITE."));
  EXPECT_THAT(text, HasSubstr("stands in both"));
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(CompareParagraph, WorksTheOtherWayRound) {
  const std::string text = paragraph(compare(shadow_session(), ept_session()));
  EXPECT_THAT(text, HasSubstr("43,466 fewer (0.65 times"));
  EXPECT_THAT(text, HasSubstr("EXCEPTION_NMI (23,224 to 0, "));
  EXPECT_THAT(text, HasSubstr("KVM has to see the guest's page faults"));
}

TEST(CompareParagraph, BlamesNoPagingModeWhenItIsTheSame) {
  const Session a = agreed_session("1", Paging::kShadow, {{0, 100}, {1, 50}, {28, 1'000}});
  const Session b = agreed_session("2", Paging::kShadow, {{0, 400}, {1, 100}, {28, 1'000}});
  const std::string text = paragraph(compare(a, b));
  EXPECT_THAT(text, HasSubstr("Both sessions ran under shadow paging, so what differs here is not the paging mode"));
  EXPECT_THAT(text, HasSubstr("EXCEPTION_NMI (100 to 400, 86%)"));
  EXPECT_THAT(text, Not(HasSubstr("KVM has to")));
  EXPECT_THAT(text, HasSubstr("more time in B"));
}

TEST(CompareParagraph, ClaimsNoCauseAgainstTheCounts) {
  // More CR accesses under EPT than under shadow paging: the mode does not explain that.
  const Session a = agreed_session("1", Paging::kEpt, {{28, 5'000}});
  const Session b = agreed_session("2", Paging::kShadow, {{28, 10}});
  const std::string text = paragraph(compare(a, b));
  EXPECT_THAT(text, HasSubstr("CR_ACCESS (5,000 to 10, 100%)"));
  EXPECT_THAT(text, Not(HasSubstr("CR3")));
  EXPECT_THAT(text, Not(HasSubstr("EPT_VIOLATION")));
  EXPECT_THAT(text, Not(HasSubstr("External interrupts")));
}

TEST(CompareParagraph, ExplainsNothingByAModeThatALawContradicts) {
  Session b = shadow_session();
  b.laws_broken = {{"no-ept-violation-under-shadow", 48, 1}};
  EXPECT_THAT(paragraph(compare(ept_session(), b)), Not(HasSubstr("KVM has to")));
}

TEST(CompareParagraph, EqualAndEmptySessions) {
  EXPECT_THAT(paragraph(compare(ept_session(), ept_session())), HasSubstr("the same number"));
  const Session empty = agreed_session("1", Paging::kEpt, {});
  EXPECT_THAT(paragraph(compare(empty, empty)), HasSubstr("Neither session has an exit"));
}

TEST(Compare, JsonHoldsWhatTheTableShows) {
  const Comparison comparison = compare(ept_session(), shadow_session());
  const auto json = to_json(comparison);
  EXPECT_EQ(json["sound"], true);
  EXPECT_EQ(json["reasons"].size(), comparison.reasons.size());
  EXPECT_EQ(json["reasons"][0]["name"], "EXCEPTION_NMI");
  EXPECT_EQ(json["reasons"][0]["difference"], 23'224);
  EXPECT_TRUE(json["reasons"][0]["ratio"].is_null());
  EXPECT_EQ(json["total"]["a"]["ebpf"], 79'272);
  EXPECT_EQ(json["a"]["paging"], "ept");
}

}  // namespace
}  // namespace exitledger
