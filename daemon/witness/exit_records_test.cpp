// SPDX-License-Identifier: MIT
#include "witness/exit_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::HasSubstr;

constexpr const char* kId = "events/kvm/kvm_exit/id";

TEST(ExitRecords, WithoutTracefsItSaysWhatIsNeeded) {
  const TempTree tracefs;
  const auto records = ExitRecords::open(tracefs.path(), 1);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ENOENT);
  EXPECT_THAT(records.error().message(), HasSubstr("tracefs must be mounted and kvm loaded"));
}

TEST(ExitRecords, AnIdThatIsNoNumberIsAnError) {
  const TempTree tracefs;
  tracefs.write(kId, "none\n");
  const auto records = ExitRecords::open(tracefs.path(), 1);
  ASSERT_FALSE(records);
  EXPECT_THAT(records.error().message(), HasSubstr("it holds no number"));
}

TEST(ExitRecords, ATracepointThatIsNotThereIsAnError) {
  const TempTree tracefs;
  tracefs.write(kId, "4294967295\n");
  const auto records = ExitRecords::open(tracefs.path(), 1);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().operation, "perf_event_open");
}

TEST(ExitRecords, NoneHasNoCpu) { EXPECT_EQ(ExitRecords{}.cpus(), 0U); }

}  // namespace
}  // namespace exitledger
