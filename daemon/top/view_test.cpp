// SPDX-License-Identifier: MIT
#include "top/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "top/samples_for_tests.h"

namespace exitledger::top {
namespace {

using testing::HasSubstr;

class Viewed : public testing::Test {
 protected:
  void press(std::initializer_list<Key> keys) {
    for (const Key key : keys) view_.press(key, view_.rows(interval_), 3);
  }
  std::string selected() const {
    const auto rows = view_.rows(interval_);
    return rows.empty() ? "" : rows[view_.selected(rows)].name;
  }

  View view_;
  Interval interval_ = second(1);
};

TEST_F(Viewed, StartsWithTheHostsReasonsByRate) {
  EXPECT_EQ(view_.title(interval_), "reasons of the host, by rate");
  EXPECT_EQ(selected(), "HLT");
}

TEST_F(Viewed, GoesInToAVcpusReasonsAndBackOut) {
  press({Key::kVms});
  EXPECT_EQ(view_.title(interval_), "VMs, by rate");
  EXPECT_EQ(selected(), "web-1");
  press({Key::kIn});
  EXPECT_EQ(view_.title(interval_), "vCPUs of VM 1 web-1, by rate");
  press({Key::kDown, Key::kIn});
  EXPECT_EQ(view_.title(interval_), "reasons of vCPU 1 of VM 1 web-1, by rate");
  EXPECT_EQ(selected(), "CPUID");
  press({Key::kIn});
  EXPECT_THAT(view_.title(interval_), HasSubstr("vCPU 1")) << "there is nothing below";
  press({Key::kOut});
  EXPECT_EQ(selected(), "1") << "the row that was entered is still the selected one";
  press({Key::kOut, Key::kOut, Key::kOut});
  EXPECT_EQ(view_.title(interval_), "VMs, by rate");
}

TEST_F(Viewed, AReasonLeadsToTheVmsThatHaveIt) {
  press({Key::kDown, Key::kIn});
  EXPECT_EQ(view_.title(interval_), "VMs, CPUID alone, by rate");
  press({Key::kIn});
  EXPECT_EQ(view_.title(interval_), "vCPUs of VM 1 web-1, CPUID alone, by rate");
}

TEST_F(Viewed, ReasonsOfAWholeVm) {
  press({Key::kVms, Key::kReasons});
  EXPECT_EQ(view_.title(interval_), "reasons of VM 1 web-1, by rate");
  press({Key::kHostReasons});
  EXPECT_EQ(view_.title(interval_), "reasons of the host, by rate");
}

TEST_F(Viewed, SortsByEachKeyInTurn) {
  press({Key::kSort});
  EXPECT_THAT(view_.title(interval_), HasSubstr("by total"));
  press({Key::kSort});
  EXPECT_EQ(selected(), "CPUID");
  press({Key::kReverse});
  EXPECT_THAT(view_.title(interval_), HasSubstr("by name, reversed"));
  EXPECT_EQ(selected(), "HLT");
  press({Key::kSort, Key::kSort});
  EXPECT_THAT(view_.title(interval_), HasSubstr("by rate"));
}

TEST_F(Viewed, TheSelectionFollowsItsRow) {
  press({Key::kDown});
  EXPECT_EQ(selected(), "CPUID");
  press({Key::kSort, Key::kSort});
  EXPECT_EQ(selected(), "CPUID") << "first by name";
  press({Key::kPageDown});
  EXPECT_EQ(selected(), "HLT");
  press({Key::kDown, Key::kPageUp});
  EXPECT_EQ(selected(), "CPUID");
  press({Key::kLast});
  EXPECT_EQ(selected(), "HLT");
  press({Key::kFirst});
  EXPECT_EQ(selected(), "CPUID");
}

TEST_F(Viewed, ARowThatIsGoneLeavesTheSelectionWhereItWas) {
  press({Key::kVms, Key::kDown});
  interval_ = {shared(moment(0, "8")), shared(moment(1, "8"))};
  LiveSample fewer = moment(1, "8");
  fewer.vms.pop_back();
  interval_ = {nullptr, shared(fewer)};
  EXPECT_EQ(selected(), "web-1");
}

TEST_F(Viewed, AVmThatIsGoneCannotBeEnteredAndItsPlaceSaysSo) {
  press({Key::kVms, Key::kIn});
  LiveSample without = moment(2);
  without.vms.erase(without.vms.begin());
  interval_ = {shared(moment(1)), shared(without)};
  EXPECT_EQ(view_.title(interval_), "vCPUs of VM 1, which is gone, by rate");
  press({Key::kOut, Key::kLast});
  EXPECT_EQ(selected(), "web-1");
  press({Key::kIn, Key::kReasons});
  EXPECT_EQ(view_.title(interval_), "VMs, by rate");
}

TEST_F(Viewed, HelpTakesTheNextKey) {
  press({Key::kHelp, Key::kNone});
  EXPECT_TRUE(view_.help());
  press({Key::kSort});
  EXPECT_FALSE(view_.help());
  EXPECT_EQ(view_.order().by, SortBy::kRate);
  press({Key::kHelp, Key::kQuit});
  EXPECT_TRUE(view_.quit());
}

TEST_F(Viewed, NothingToSelectIsNothingToEnter) {
  interval_ = {};
  press({Key::kDown, Key::kIn, Key::kReasons, Key::kLast, Key::kOut});
  EXPECT_EQ(view_.title(interval_), "reasons of the host, by rate");
}

}  // namespace
}  // namespace exitledger::top
