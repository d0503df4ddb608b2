// SPDX-License-Identifier: MIT
#include "top/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "top/samples_for_tests.h"

namespace exitledger::top {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

std::vector<std::string> names(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

TEST(Rows, RatesAreOfTheSamplesOwnClock) {
  Interval slow{shared(moment(1)), shared(moment(5))};
  const auto rows = reason_rows(slow);
  const Row& hlt = row_named(rows, "HLT");
  EXPECT_EQ(hlt.total, 6000U);
  EXPECT_THAT(hlt.news, Optional(800U));
  EXPECT_THAT(hlt.rate, Optional(DoubleEq(200)));
  EXPECT_THAT(row_named(rows, "EXCEPTION_NMI").rate, Optional(DoubleEq(0)));
}

TEST(Rows, TimePerExitIsOfTheInterval) {
  Interval interval = second(2);
  LiveSample now = *interval.now;
  now.reasons[1].time->sum_ns += 50'000;
  interval.now = shared(now);
  const auto rows = reason_rows(interval);
  const auto time = row_named(rows, "CPUID").time;
  ASSERT_TRUE(time);
  EXPECT_EQ(time->exits, 50U);
  EXPECT_EQ(time->sum_ns, 50U * 1500 + 50'000);
  EXPECT_FALSE(row_named(rows, "EPT_VIOLATION").time) << "none is kept of it";
}

TEST(Rows, TheFirstSampleHasTotalsAndNoRates) {
  const Interval first{nullptr, shared(moment(1))};
  for (const Row& row : reason_rows(first)) {
    EXPECT_GT(row.total, 0U);
    EXPECT_FALSE(row.news);
    EXPECT_FALSE(row.rate);
    EXPECT_FALSE(row.time);
  }
  EXPECT_THAT(vm_rows(first), SizeIs(2));
}

TEST(Rows, ANewSessionIsAResetAndNoRate) {
  const Interval interval{shared(moment(9, "3")), shared(moment(1, "4"))};
  EXPECT_FALSE(interval.ns());
  for (const Row& row : reason_rows(interval)) EXPECT_FALSE(row.rate) << row.name;
  for (const Row& row : vm_rows(interval)) {
    EXPECT_FALSE(row.rate) << row.name;
    EXPECT_FALSE(row.gone) << row.name;
  }
}

TEST(Rows, TheSameIdOfAnotherDaemonIsAnotherSession) {
  LiveSample restarted = moment(9);
  restarted.session->started_unix_ns += 1;
  EXPECT_FALSE((Interval{shared(moment(8)), shared(restarted)}).ns());
}

TEST(Rows, ACounterThatFellHasNoRateAndTheOthersDo) {
  LiveSample fell = moment(2);
  fell.reasons[1].ebpf = 3;
  fell.vms[0].exits["CPUID"] = 3;
  const Interval interval{shared(moment(1)), shared(fell)};
  const auto rows = reason_rows(interval);
  EXPECT_FALSE(row_named(rows, "CPUID").rate);
  EXPECT_TRUE(row_named(rows, "HLT").rate);
  EXPECT_FALSE(vm_rows(interval)[0].rate);
  EXPECT_FALSE(sum_of(rows).rate) << "a sum without one of its parts is none";
}

TEST(Rows, AReasonThatWasNotThereBeforeIsAllNew) {
  LiveSample before = moment(1);
  before.reasons.pop_back();
  const auto rows = reason_rows({shared(before), shared(moment(2))});
  EXPECT_THAT(row_named(rows, "EPT_VIOLATION").news, Optional(320U));
}

TEST(Rows, AVmThatWasBornIsAllNewAndOneThatDiedIsGone) {
  LiveSample before = moment(1), now = moment(2);
  before.vms.pop_back();
  before.vms[0].id = 9;
  const auto rows = vm_rows({shared(before), shared(now)});
  ASSERT_THAT(rows, SizeIs(3));
  EXPECT_THAT(rows[0].news, Optional(rows[0].total));
  EXPECT_EQ(rows[2].number, 9U);
  EXPECT_TRUE(rows[2].gone);
  EXPECT_FALSE(rows[2].rate);
  EXPECT_EQ(rows[2].total, 5750U) << "as it was when it was seen last";
}

TEST(Rows, VmsAndVcpusSayWhatTheyDoMost) {
  const auto vms = vm_rows(second(1));
  EXPECT_EQ(vms[0].busiest, "HLT");
  EXPECT_THAT(vms[0].rate, Optional(DoubleEq(250)));
  EXPECT_EQ(vms[1].busiest, "EPT_VIOLATION") << "of the interval: of all, CPUID is more";
  const auto vcpus = vcpu_rows(second(1), 1);
  ASSERT_THAT(vcpus, SizeIs(2));
  EXPECT_EQ(vcpus[1].busiest, "CPUID");
  EXPECT_EQ(vcpus[0].total + vcpus[1].total, vms[0].total);
  EXPECT_THAT(vcpu_rows(second(1), 77), IsEmpty());
}

TEST(Rows, OneReasonAloneByVm) {
  const auto vms = vm_rows(second(1), "CPUID");
  EXPECT_EQ(vms[0].total, 550U);
  EXPECT_EQ(vms[1].total, 500U);
  EXPECT_THAT(vms[1].rate, Optional(DoubleEq(0)));
  EXPECT_THAT(vcpu_rows(second(1), 1, "CPUID")[0].total, 0U);
}

TEST(Rows, AVcpuThatWasPluggedInAgainIsAnotherOne) {
  LiveSample now = moment(2);
  now.vms[0].each[1].born_ns = 7;
  now.vms[0].each[1].exits = {{"CPUID", 600}};
  const Interval interval{shared(moment(1)), shared(now)};
  EXPECT_THAT(vcpu_rows(interval, 1)[1].news, Optional(600U));
  EXPECT_THAT(reason_rows_of(interval, 1, 1)[0].news, Optional(600U));
}

TEST(Rows, ReasonsOfAVmAndOfAVcpu) {
  const auto vm = reason_rows_of(second(1), 1);
  EXPECT_THAT(names(vm), ElementsAre("CPUID", "HLT"));
  EXPECT_EQ(vm[1].number, vmx::kHlt);
  EXPECT_THAT(vm[1].rate, Optional(DoubleEq(200)));
  EXPECT_NEAR(vm[0].share + vm[1].share, 100, 1e-9);
  const auto vcpu = reason_rows_of(second(1), 1, 0);
  EXPECT_THAT(names(vcpu), ElementsAre("HLT"));
  EXPECT_THAT(reason_rows_of(second(1), 1, 9), IsEmpty());
}

TEST(Rows, AreSortedMostFirstAndWhatIsNotKnownLast) {
  auto rows = reason_rows(second(1));
  sort_rows(rows, SortBy::kRate, false);
  EXPECT_THAT(names(rows), ElementsAre("HLT", "CPUID", "EPT_VIOLATION", "EXCEPTION_NMI"));
  rows[0].rate.reset();
  sort_rows(rows, SortBy::kRate, false);
  EXPECT_EQ(rows.back().name, "HLT");
  sort_rows(rows, SortBy::kRate, true);
  EXPECT_EQ(rows.back().name, "HLT");
  EXPECT_EQ(rows.front().name, "EXCEPTION_NMI");
  sort_rows(rows, SortBy::kTotal, false);
  EXPECT_EQ(rows.front().name, "HLT");
  sort_rows(rows, SortBy::kName, false);
  EXPECT_THAT(names(rows), ElementsAre("CPUID", "EPT_VIOLATION", "EXCEPTION_NMI", "HLT"));
  sort_rows(rows, SortBy::kNumber, false);
  EXPECT_THAT(names(rows), ElementsAre("EXCEPTION_NMI", "CPUID", "HLT", "EPT_VIOLATION"));
  sort_rows(rows, SortBy::kNumber, true);
  EXPECT_EQ(rows.front().name, "EPT_VIOLATION");
}

TEST(Rows, TheirSumIsTheHosts) {
  const Sum sum = sum_of(reason_rows(second(1)));
  EXPECT_EQ(sum.total, 7U + 1050 + 5200 + 310);
  EXPECT_THAT(sum.rate, Optional(DoubleEq(260)));
}

}  // namespace
}  // namespace exitledger::top
