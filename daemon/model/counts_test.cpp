// SPDX-License-Identifier: MIT
#include "model/counts.h"

#include <gtest/gtest.h>

#include <set>

#include "model/sample.h"
#include "model/session.h"

namespace exitledger {
namespace {

/// Every counter different, so that a sum shows what went into it.
Counts numbered() {
  Counts counts;
  for (unsigned i = 0; i < EL_INDEX_COUNT; ++i) counts.at[i] = 1000 + i;
  return counts;
}

TEST(Counts, EveryDefinedReasonHasAnIndexOfItsOwnAndComesBackFromIt) {
  for (const Vendor vendor : kVendors) {
    std::set<unsigned> used;
    for (const auto& info : defined_reasons(vendor)) {
      const unsigned index = index_of(vendor, info.number);
      EXPECT_LT(index, EL_INDEX_ALL) << info.name;
      EXPECT_TRUE(used.insert(index).second) << info.name;
      EXPECT_EQ(reason_at(vendor, index), info.number) << info.name;
    }
  }
}

TEST(Counts, CountedPseudoReasonsComeBackFromTheirIndex) {
  for (const Vendor vendor : kVendors) {
    for (const Reason reason : kCountedPseudo) {
      EXPECT_EQ(reason_at(vendor, index_of(vendor, reason)), reason);
    }
  }
}

TEST(Counts, IndexOfANegativeCodeIsThatOfTheProbe) {
  EXPECT_EQ(index_of(Vendor::kSvm, 0xFFFF), el_svm_index(static_cast<unsigned>(-1)));
  EXPECT_EQ(index_of(Vendor::kSvm, 0xFFFC), el_svm_index(static_cast<unsigned>(-4)));
  EXPECT_EQ(index_of(Vendor::kSvm, 0xFFFB), EL_INDEX_UNKNOWN);
  EXPECT_EQ(index_of(Vendor::kVmx, 0xFFFF), EL_INDEX_UNKNOWN) << "VMX has no negative reasons";
}

TEST(Counts, HolesOfTheIndexHoldNoReason) {
  for (unsigned index = EL_INDEX_FAILED_ENTRY + 1; index < EL_INDEX_COUNT + 8; ++index) {
    if (index == EL_INDEX_NESTED || index == EL_INDEX_INJECTED) continue;
    for (const Vendor vendor : kVendors) EXPECT_EQ(reason_at(vendor, index), std::nullopt) << index;
  }
  for (unsigned index = EL_INDEX_DIRECT; index < EL_INDEX_ALL; ++index) {
    EXPECT_EQ(reason_at(Vendor::kVmx, index), std::nullopt) << index;
    EXPECT_EQ(reason_at(Vendor::kSvm, index).has_value(), index < EL_INDEX_SVM_NEG + 4) << index;
  }
}

TEST(Counts, UnknownIsItsOwnCounterAndAllUndefinedCodes) {
  Counts counts;
  counts.at[EL_INDEX_UNKNOWN] = 1;
  counts.at[35] = 10;
  counts.at[167] = 100;
  counts.at[vmx::kCpuid] = 1000;
  counts.at[EL_INDEX_ALL] = 10000;
  counts.at[EL_INDEX_BUS_LOCK] = 100000;
  EXPECT_EQ(count_of(counts, Vendor::kVmx, kReasonUnknown), 111u);
  EXPECT_EQ(count_of(counts, Vendor::kSvm, kReasonUnknown), 101u) << "35 is a code of SVM, 0xA7 is none";
  EXPECT_EQ(count_of(counts, Vendor::kVmx, 35), 10u);
}

TEST(Counts, SumOverDefinedReasonsAndUnknownIsTheSumOverAllWrittenIndices) {
  const Counts counts = numbered();
  for (const Vendor vendor : kVendors) {
    std::uint64_t by_reason = count_of(counts, vendor, kReasonUnknown);
    for (const auto& info : defined_reasons(vendor)) by_reason += count_of(counts, vendor, info.number);
    std::uint64_t by_index = counts.at[EL_INDEX_UNKNOWN];
    for (unsigned i = 0; i < EL_INDEX_ALL; ++i) by_index += reason_at(vendor, i) ? counts.at[i] : 0;
    EXPECT_EQ(by_reason, by_index);
  }
}

TEST(Counts, WhatNoBookHoldsIsNotTheUnknownsCount) {
  Counts counts;
  counts.at[EL_INDEX_UNKNOWN] = 7;
  EXPECT_EQ(count_of(counts, Vendor::kVmx, kReasonEmulation), 0u);
  EXPECT_EQ(count_of(counts, Vendor::kVmx, kReasonVmFail), 0u);
  EXPECT_EQ(count_of(counts, Vendor::kVmx, 500), 0u);
}

TEST(Counts, DifferenceAndSumArePerIndex) {
  Counts later = numbered();
  later += numbered();
  EXPECT_EQ(later.since(numbered()), numbered());
  EXPECT_EQ(later.all(), 2 * (1000u + EL_INDEX_ALL));
}

TEST(Counts, OneFallenCounterIsAResetWhateverTheOthersDid) {
  const Counts before = numbered();
  Counts now = before;
  EXPECT_FALSE(now.fell_below(before)) << "equal is no reset";
  for (auto& count : now.at) count += 5;
  EXPECT_FALSE(now.fell_below(before));
  now.at[EL_INDEX_COUNT - 1] = before.at[EL_INDEX_COUNT - 1] - 1;
  EXPECT_TRUE(now.fell_below(before));
}

TEST(Losses, HostBookIsTouchedByLostExitsAndProgramsThatDidNotRun) {
  Losses losses;
  losses.cause[EL_LOSS_NO_SLOT] = 1;
  losses.cause[EL_LOSS_SLOT_MAP] = 2;
  losses.cause[EL_LOSS_EXIT_ELSEWHERE] = 4;
  losses.cause[EL_LOSS_ENTRY_NO_EXIT] = 8;
  losses.cause[EL_LOSS_ASK_MAP] = 16;
  losses.cause[EL_LOSS_EVENT] = 32;
  EXPECT_EQ(losses.of_host_book(), 0u);
  EXPECT_EQ(losses.total(), 63u);
  losses.cause[EL_LOSS_NO_OFFSET] = 64;
  losses.cause[EL_LOSS_READ_FAILED] = 128;
  losses.cause[EL_LOSS_NO_CPU] = 256;
  losses.recursion_misses["on_kvm_exit"] = 512;
  losses.recursion_misses["on_kvm_exit_timed"] = 1024;
  losses.recursion_misses["on_kvm_cpuid"] = 2048;
  losses.recursion_misses["on_nested_exit"] = 4096;
  losses.recursion_misses["on_reflected"] = 8192;
  EXPECT_EQ(losses.of_host_book(), 16320u);
  EXPECT_EQ(losses.of_vcpu_books(), 19u);
  EXPECT_EQ(losses.total(), 16383u);
}

TEST(Losses, AMissedDeathOrEntryTakesNothingFromTheHostBook) {
  Losses losses;
  losses.recursion_misses["death_fentry"] = 1;
  losses.recursion_misses["death_kprobe"] = 2;
  losses.recursion_misses["on_kvm_entry"] = 4;
  losses.recursion_misses["on_kvm_hypercall"] = 8;
  losses.recursion_misses["on_module_free"] = 16;
  EXPECT_EQ(losses.of_host_book(), 0u);
  EXPECT_EQ(losses.total(), 31u);
}

TEST(Losses, EveryCauseHasALabelOfItsOwn) {
  std::set<std::string_view> labels;
  for (int cause = EL_LOSS_NO_OFFSET; cause <= EL_LOSS_EVENT; ++cause) {
    EXPECT_TRUE(labels.insert(loss_label(static_cast<el_loss>(cause))).second) << cause;
  }
  EXPECT_FALSE(labels.contains("other"));
}

TEST(Verdict, WorstWinsAndOnlyAgreementIsStatusZero) {
  EXPECT_EQ(worst(Verdict::kAgrees, Verdict::kWithinBracket), Verdict::kWithinBracket);
  EXPECT_EQ(worst(Verdict::kDisagrees, Verdict::kCannotTell), Verdict::kDisagrees);
  EXPECT_EQ(exit_status(Verdict::kAgrees), 0);
  EXPECT_EQ(exit_status(Verdict::kDisagrees), 1);
  EXPECT_EQ(exit_status(Verdict::kWithinBracket), 2);
  EXPECT_EQ(exit_status(Verdict::kCannotTell), 2);
  EXPECT_EQ(to_string(Verdict::kWithinBracket), "within bracket");
}

TEST(Session, RunsUntilItHasAnEnd) {
  Session session;
  EXPECT_TRUE(session.running());
  session.ended_unix_ns = 1;
  EXPECT_FALSE(session.running());
  EXPECT_EQ(to_string(LeafState::kRefused), "refused");
}

}  // namespace
}  // namespace exitledger
