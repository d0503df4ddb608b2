// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <span>

#include "session/running_for_tests.h"

namespace exitledger {
namespace {

TEST(RunningSession, VmsHaveTheirNamesAndWhatTheyCountedWithinIt) {
  auto start = start_of(std::nullopt, 0);
  VmSample older{
      .id = 1, .tgid = 10, .born_ns = 0, .vcpus = 1, .own = false, .counts = sample_of(40).counts, .living = {}};
  const VmSample own{
      .id = 2, .tgid = 11, .born_ns = 0, .vcpus = 1, .own = true, .counts = sample_of(9).counts, .living = {}};
  start.now.vms = {older};
  RunningSession session{std::move(start)};
  session.vms().meet(1, {"db\xff", "u-1"});
  older.counts = sample_of(45).counts;
  ProbeSample later = sample_of(60);
  later.vms = {older, own};
  session.update(later);
  const VmSample died{
      .id = 3, .tgid = 12, .born_ns = 0, .vcpus = 2, .own = false, .counts = sample_of(6).counts, .living = {}};
  session.vms().look(std::span{&died, 1});
  session.update(sample_of(60));
  const auto& vms = session.session().vms;
  ASSERT_EQ(vms.size(), 2U);
  EXPECT_EQ(vms[0].name, "db\xEF\xBF\xBD");
  EXPECT_EQ(vms[0].exits, 5U);
  EXPECT_EQ(vms[1].vcpus, 2U);
  EXPECT_EQ(vms[1].exits, 6U);
}

TEST(RunningSession, WhatAVmCountedBeforeItsModulesLoadWasNoticedIsTheSessions) {
  auto start = start_of(boundary_of(100), 130);
  start.now.vms = {
      {.id = 1, .tgid = 10, .born_ns = 0, .vcpus = 1, .own = false, .counts = sample_of(30).counts, .living = {}}};
  const RunningSession session{std::move(start)};
  ASSERT_EQ(session.session().vms.size(), 1U);
  EXPECT_EQ(session.session().vms[0].exits, session.session().ebpf.all());
}

ProbeSample timed(std::uint64_t sum_ns, std::uint64_t user_ns, bool splits) {
  ProbeSample sample = sample_of(1);
  DurationHistogram& histogram = sample.durations[vmx::kCpuid];
  histogram.bucket[3] = 1 + sum_ns / 1000;
  histogram.sum_ns = sum_ns;
  histogram.user_ns = user_ns;
  histogram.off_ns = 5;
  sample.splits_time = splits;
  return sample;
}

TEST(RunningSession, TimeOutIsSplitWhereNothingWasMissed) {
  auto start = start_of(std::nullopt, 0);
  start.keeps_time = true;
  start.now = timed(1000, 100, true);
  RunningSession session{std::move(start)};
  ProbeSample later = timed(5000, 700, true);
  session.update(later);
  const TimeOut& time = session.session().times_out->at(vmx::kCpuid);
  EXPECT_EQ(time.sum_ns, 4000U);
  ASSERT_TRUE(time.away);
  EXPECT_EQ(time.away->user_ns, 600U);
  EXPECT_EQ(time.away->scheduled_out_ns, 0U);
  later.losses.recursion_misses["on_sched_out"] = 1;
  session.update(later);
  EXPECT_FALSE(session.session().times_out->at(vmx::kCpuid).away);
  session.update(timed(5000, 700, false));
  EXPECT_FALSE(session.session().times_out->at(vmx::kCpuid).away);
}

}  // namespace
}  // namespace exitledger
