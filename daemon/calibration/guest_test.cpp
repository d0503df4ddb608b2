// SPDX-License-Identifier: MIT
#include "calibration/guest.h"

#include <gtest/gtest.h>

#include <array>

#include "calibration/measure.h"
#include "calibration/rows_for_tests.h"
#include "microvm/kvm_test_support.h"

namespace exitledger {
namespace {

using enum Register;

TEST(CalibrationGuest, FreshPagesAreBehindItAndTheStackIsLast) {
  CalibrationRow row = row_named("fresh-pages");
  const CalibrationGuest touching(0x1000, row, 3, {});
  row.fresh_pages = false;
  const CalibrationGuest without(0x1000, row, 3, {});
  EXPECT_EQ(touching.memory_bytes(), without.memory_bytes() + std::size_t{CalibrationGuest::kFreshPages} * 4096);
  EXPECT_EQ(without.memory_bytes() % 4096, 0u);
  EXPECT_GE(without.memory_bytes(), 2u * 4096);
}

// On any KVM: that the guests come to their end. How often they exit is the lab's matter.
TEST(CalibrationGuest, TurnsComeToTheirEnd) {
  EXITLEDGER_NEED_KVM(device);
  static_cast<void>(device);
  for (const std::string_view name : {"cpuid", "hlt", "io-out-user", "io-in-user", "io-out-kernel", "rdmsr",
                                      "mmio-write", "fresh-pages", "cr0-write", "hlt-real-mode"}) {
    const auto run = run_row({}, row_named(name), 5, {});
    ASSERT_TRUE(run) << name << ": " << run.error().message();
    EXPECT_EQ(run->turns, 5u);
    EXPECT_TRUE(run->answers.empty());
    ASSERT_TRUE(run->stats) << "this kernel has KVM_GET_STATS_FD";
    EXPECT_GT(run->stats->at("exits"), 0u) << name;
  }
}

TEST(CalibrationGuest, AFaultThatNoRowExpectsIsAnError) {
  EXITLEDGER_NEED_KVM(device);
  static_cast<void>(device);
  CalibrationRow row = row_named("ud2");
  row.skipped_at_fault = 0;
  const auto run = run_row({}, row, 1, {});
  ASSERT_FALSE(run);
  EXPECT_NE(run.error().message().find("triple fault"), std::string::npos) << run.error().message();
}

}  // namespace
}  // namespace exitledger
