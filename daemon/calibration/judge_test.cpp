// SPDX-License-Identifier: MIT
#include "calibration/judge.h"

#include <gtest/gtest.h>

#include <array>

#include "calibration/rows_for_tests.h"
#include "model/leaf_abi.h"

namespace exitledger {
namespace {

constexpr std::uint32_t kTurns = 211;
const CalibrationTarget kTarget{};  // VMX, EPT

const std::array<Reason, 5> kTable{kReasonEmulation, vmx::kCpuid, vmx::kIo, vmx::kExternalInterrupt, vmx::kVmcall};

// A row whose guest exited `count` times for `reason`, asked, and ended with HLT: as a host without a fault sees it.
RowBooks faultless(Reason reason, std::uint64_t count) {
  RowBooks books;
  books.run.turns = kTurns;
  Counts& ebpf = books.ebpf;
  const auto exit = [&ebpf](Reason which, std::uint64_t times) {
    ebpf.at[index_of(Vendor::kVmx, which)] += times;
    ebpf.at[EL_INDEX_ALL] += times;
  };
  exit(reason, count);
  for (const LeafQuery& query : questions_about(Vendor::kVmx, kTable)) {
    exit(vmx::kCpuid, 1);
    const auto asked = static_cast<Reason>(query.ecx & 0xFFFF);
    const std::uint64_t now = in_both_books(asked) ? count_of(ebpf, Vendor::kVmx, asked) : 0;
    el_answer traced{};
    traced.function = query.eax;
    traced.index = query.ecx;
    traced.vcpu_count = now;
    books.traced.push_back(traced);
    books.run.answers.push_back({query, {.eax = static_cast<std::uint32_t>(now)}});
  }
  exit(vmx::kHlt, 1);
  books.run.stats = KvmStats{{"exits", ebpf.all()}, {"hypercalls", kTurns}, {"io_exits", kTurns}};
  return books;
}

CalibratedReason of(const CalibratedRow& row, Reason reason) {
  for (const CalibratedReason& each : row.reasons)
    if (each.reason == reason) return each;
  ADD_FAILURE() << "no reason " << reason;
  return {};
}

TEST(JudgeRow, AgreesWhereAllHaveTheNumberOfTheTable) {
  for (const auto& [name, reason] : {std::pair{"hypercall-poll-irq", vmx::kVmcall}, std::pair{"cpuid", vmx::kCpuid}}) {
    const CalibratedRow row = judge_row(kTarget, row_named(name, kTarget), faultless(reason, kTurns));
    EXPECT_EQ(row.verdict, Verdict::kAgrees) << row.why;
    EXPECT_EQ(of(row, reason).expected, kTurns);
    EXPECT_EQ(of(row, reason).ebpf, kTurns);
    EXPECT_EQ(of(row, reason).leaf, kTurns);
  }
}

TEST(JudgeRow, AGuestWithoutABookIsNoDisagreement) {
  RowBooks books = faultless(vmx::kVmcall, kTurns);
  books.ebpf = {};
  books.traced.clear();
  books.run.answers.clear();
  const CalibratedRow row = judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), books);
  EXPECT_EQ(row.verdict, Verdict::kCannotTell);
  EXPECT_NE(row.why.find("exitledger_slots_limit"), std::string::npos) << row.why;
}

TEST(JudgeRow, ANumberThatBothBooksShareButTheTableDoesNotHaveDisagrees) {
  const CalibratedRow row =
      judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), faultless(vmx::kVmcall, kTurns - 1));
  EXPECT_EQ(row.verdict, Verdict::kDisagrees);
  EXPECT_NE(row.why.find("211 expected, eBPF 210, leaf 210"), std::string::npos) << row.why;
}

TEST(JudgeRow, TheRightNumberUnderAnotherReasonDisagrees) {
  const CalibratedRow row = judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), faultless(vmx::kIo, kTurns));
  EXPECT_EQ(row.verdict, Verdict::kDisagrees);
  EXPECT_EQ(of(row, vmx::kVmcall).verdict, Verdict::kDisagrees);
  EXPECT_EQ(of(row, vmx::kIo).verdict, Verdict::kDisagrees);
}

TEST(JudgeRow, AnAnswerThatIsNotTheEbpfCountOfItsInstantDisagrees) {
  RowBooks books = faultless(vmx::kVmcall, kTurns);
  books.traced.back().vcpu_count--;
  EXPECT_EQ(judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), books).verdict, Verdict::kDisagrees);
}

TEST(JudgeRow, InterruptsOfTheHostMayComeInAnyNumberThatBothHave) {
  RowBooks books = faultless(vmx::kVmcall, kTurns);
  books.ebpf.at[vmx::kExternalInterrupt] += 3;
  books.ebpf.at[EL_INDEX_ALL] += 3;
  (*books.run.stats)["exits"] += 3;
  const CalibratedRow row = judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), books);
  EXPECT_EQ(row.verdict, Verdict::kAgrees) << row.why;
  EXPECT_EQ(of(row, vmx::kExternalInterrupt).expected, std::nullopt);
}

TEST(JudgeRow, KvmsStatisticsMustSayTheSame) {
  RowBooks books = faultless(vmx::kVmcall, kTurns);
  --(*books.run.stats)["exits"];
  const CalibratedRow row = judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), books);
  EXPECT_EQ(row.verdict, Verdict::kDisagrees);
  EXPECT_NE(row.why.find("statistic exits"), std::string::npos) << row.why;
}

TEST(JudgeRow, PassesThatAreNoExitsAreKvmsAlone) {
  RowBooks books = faultless(vmx::kVmcall, kTurns);
  for (LeafAnswer& answer : books.run.answers)
    if ((answer.query.ecx & 0xFFFF) == kReasonEmulation) answer.registers.eax = 4;
  EXPECT_EQ(judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), books).verdict, Verdict::kDisagrees);
  (*books.run.stats)["exits"] += 4;
  EXPECT_EQ(judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), books).verdict, Verdict::kAgrees);
}

// A KVM without the patch that emulates real mode: its statistic has passes that nobody else counts.
TEST(JudgeRow, WithoutTheLeafPassesOfKvmsEmulatorAreUnknownAndNotCompared) {
  CalibrationTarget shadow;
  shadow.paging = Paging::kShadow;
  RowBooks books;
  books.run.turns = kTurns;
  books.ebpf.at[vmx::kHlt] = 1;
  books.ebpf.at[EL_INDEX_ALL] = 1;
  books.run.stats = KvmStats{{"exits", kTurns + 4}, {"halt_exits", kTurns + 1}};
  const CalibratedRow row = judge_row(shadow, row_named("hlt-real-mode", shadow), books);
  EXPECT_EQ(row.verdict, Verdict::kAgrees) << row.why;
  ASSERT_EQ(row.stats.size(), 1U);
  EXPECT_EQ(row.stats.front().name, "halt_exits");
  EXPECT_NE(row.meaning.find("not compared"), std::string::npos) << row.meaning;
  --(*books.run.stats)["halt_exits"];
  EXPECT_EQ(judge_row(shadow, row_named("hlt-real-mode", shadow), books).verdict, Verdict::kDisagrees);
}

TEST(JudgeRow, WhatWasNotTracedCannotBeJudged) {
  RowBooks books = faultless(vmx::kVmcall, kTurns);
  books.traced.front().slot = EL_NO_SLOT;
  EXPECT_EQ(judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), books).verdict, Verdict::kCannotTell);
  books = faultless(vmx::kVmcall, kTurns);
  books.traced.pop_back();
  EXPECT_EQ(judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), books).verdict, Verdict::kCannotTell);
}

TEST(Calibration, SumsOverRowsAndTheWorstRowDecides) {
  Calibration calibration;
  add_row(calibration, judge_row(kTarget, row_named("hypercall-poll-irq", kTarget), faultless(vmx::kVmcall, kTurns)));
  add_row(calibration, judge_row(kTarget, row_named("hypercall-unknown", kTarget), faultless(vmx::kVmcall, kTurns)));
  EXPECT_EQ(calibration.verdict, Verdict::kAgrees);
  const auto reasons = reasons_of(calibration);
  ASSERT_FALSE(reasons.empty());
  for (const CalibratedReason& reason : reasons)
    EXPECT_TRUE(reason.reason != vmx::kVmcall || reason.expected == 2 * kTurns);
  add_row(calibration, judge_row(kTarget, row_named("hypercall-unknown", kTarget), faultless(vmx::kVmcall, 1)));
  EXPECT_EQ(calibration.verdict, Verdict::kDisagrees);
  EXPECT_TRUE(calibration.why.starts_with("hypercall-unknown: ")) << calibration.why;
}

}  // namespace
}  // namespace exitledger
