// SPDX-License-Identifier: MIT
#include "calibration/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace exitledger {
namespace {

CalibrationTarget target(Vendor vendor, Paging paging) {
  return {.vendor = vendor, .paging = paging, .parameters = {}, .xsave = true, .rdrand = true};
}

const CalibrationTarget kTargets[] = {target(Vendor::kVmx, Paging::kEpt), target(Vendor::kVmx, Paging::kShadow),
                                      target(Vendor::kSvm, Paging::kNpt), target(Vendor::kSvm, Paging::kShadow)};

unsigned per_turn(const CalibrationTarget& target, std::string_view name, Reason reason) {
  for (const CalibrationRow& row : calibration_rows(target))
    if (row.name == name)
      for (const Expectation& expected : row.expected)
        if (expected.reason == reason) return expected.per_turn;
  ADD_FAILURE() << name << " does not name reason " << reason;
  return 99;
}

TEST(CalibrationTable, NamesAreUniqueAndEveryRowSaysWhyAndDoesSomething) {
  for (const CalibrationTarget& target : kTargets) {
    std::set<std::string_view> names;
    for (const CalibrationRow& row : calibration_rows(target)) {
      EXPECT_TRUE(names.insert(row.name).second) << row.name;
      EXPECT_FALSE(row.why.empty()) << row.name;
      EXPECT_FALSE(row.turn.bytes().empty()) << row.name;
      for (const Expectation& expected : row.expected)
        EXPECT_TRUE(is_defined(target.vendor, expected.reason)) << row.name;
    }
  }
}

TEST(CalibrationTable, AtLeastFifteenReasonsAreExactInEveryMode) {
  for (const CalibrationTarget& target : kTargets) {
    std::set<Reason> exact;
    for (const CalibrationRow& row : calibration_rows(target))
      for (const Expectation& expected : row.expected)
        if (expected.certainty == Certainty::kExact && expected.per_turn > 0) exact.insert(expected.reason);
    EXPECT_GE(exact.size(), 15u) << to_string(target.vendor) << " " << to_string(target.paging);
  }
}

TEST(CalibrationTable, WhatComesByItselfIsNeverExact) {
  for (const CalibrationTarget& target : kTargets)
    for (const CalibrationRow& row : calibration_rows(target))
      for (const Expectation& expected : row.expected)
        EXPECT_FALSE(comes_by_itself(target, expected.reason) && expected.certainty == Certainty::kExact) << row.name;
}

TEST(CalibrationTable, FastRowsAreTheFirstAndExact) {
  for (const CalibrationTarget& target : kTargets) {
    const auto rows = calibration_rows(target);
    ASSERT_GT(rows.size(), kFastRows);
    EXPECT_EQ(rows[0].name, "cpuid");
    for (std::size_t i = 0; i < kFastRows; ++i) EXPECT_EQ(rows[i].expected.size(), 1u) << rows[i].name;
  }
}

TEST(CalibrationTable, Cr3AndInvlpgExitWhereTheHostOwnsThem) {
  EXPECT_EQ(per_turn(target(Vendor::kVmx, Paging::kEpt), "cr3-write", vmx::kCrAccess), 0u);
  EXPECT_EQ(per_turn(target(Vendor::kVmx, Paging::kShadow), "cr3-write", vmx::kCrAccess), 1u);
  EXPECT_EQ(per_turn(target(Vendor::kVmx, Paging::kEpt), "invlpg", vmx::kInvlpg), 0u);
  EXPECT_EQ(per_turn(target(Vendor::kSvm, Paging::kShadow), "invlpg", svm::kInvlpg), 1u);
  CalibrationTarget restricted = target(Vendor::kVmx, Paging::kEpt);
  restricted.parameters["kvm_intel.unrestricted_guest"] = "N";
  EXPECT_EQ(per_turn(restricted, "cr3-write", vmx::kCrAccess), 1u);
}

TEST(CalibrationTable, WithoutXsaveAndRdrandThereAreNoSuchRows) {
  CalibrationTarget plain = target(Vendor::kVmx, Paging::kEpt);
  plain.xsave = plain.rdrand = false;
  const auto rows = calibration_rows(plain);
  EXPECT_TRUE(std::ranges::none_of(rows, [](const CalibrationRow& row) { return row.name == "xsetbv"; }));
  EXPECT_TRUE(std::ranges::none_of(rows, [](const CalibrationRow& row) { return row.name == "rdrand"; }));
}

}  // namespace
}  // namespace exitledger
