// SPDX-License-Identifier: MIT
// What a session has besides its counts, compared: time out of the guest and where it went, KVM's MMU statistics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "compare/compare.h"
#include "compare/comparison_for_tests.h"
#include "compare/experiment_for_tests.h"

namespace exitledger {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(CompareTime, SumAndMeanPerExit) {
  Session a = ept_session(), b = shadow_session();
  a.times_out = TimesOut{{vmx::kCpuid, {1'735, 3'470'000}}, {vmx::kEptViolation, {592, 5'920'000}}};
  b.times_out = TimesOut{{vmx::kCpuid, {1'730, 6'940'000}}};
  const Comparison comparison = compare(a, b);
  ASSERT_EQ(comparison.times.size(), 2U);
  const ComparedTime& cpuid = comparison.times[0];
  EXPECT_EQ(cpuid.name, "CPUID");
  EXPECT_EQ(cpuid.a->sum_ns.median, 3'470'000U);
  EXPECT_DOUBLE_EQ(cpuid.a->ns_per_exit.value_or(0), 2'000);
  EXPECT_DOUBLE_EQ(cpuid.ratio.value_or(0), 2);
  const ComparedTime& violation = comparison.times[1];
  EXPECT_EQ(violation.b->sum_ns.median, 0U) << "time is kept, and there was none";
  EXPECT_FALSE(violation.b->ns_per_exit);
  EXPECT_THAT(to_text(comparison), HasSubstr("5.92 ms"));
  EXPECT_THAT(to_text(comparison), HasSubstr("10.0 us"));
}

TEST(CompareTime, AbsentIsNotZero) {
  Session a = ept_session();
  a.times_out = TimesOut{{vmx::kCpuid, {1'735, 3'470'000}}};
  a.mmu = MmuStats{{"pf_fixed", 5}};
  const Comparison comparison = compare(a, shadow_session());
  EXPECT_FALSE(comparison.times.at(0).b);
  EXPECT_FALSE(comparison.times.at(0).ratio);
  EXPECT_FALSE(comparison.mmu.at(0).b);
  EXPECT_THAT(comparison.notes, ElementsAre("B has no time out of the guest", "B has no MMU statistics of KVM's"));
  EXPECT_TRUE(to_json(comparison)["times"][0]["b"].is_null());
  EXPECT_THAT(to_text(comparison), HasSubstr("absent"));
  EXPECT_THAT(compare(ept_session(), shadow_session()).times, IsEmpty());
  EXPECT_THAT(to_text(compare(ept_session(), shadow_session())), Not(HasSubstr("Time from exit")));
}

TEST(CompareTime, OneRunWithoutLeavesTheSideWithout) {
  std::vector<Session> sessions = experiment_of("boot", 3);
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    sessions[i].mmu =
        MmuStats{{"pages_4k", -static_cast<std::int64_t>(i)}, {"pf_fixed", 100 + static_cast<std::int64_t>(i)}};
    if (i != 2) sessions[i].times_out = TimesOut{{vmx::kCpuid, {10, 1'000 * (i + 1)}}};
  }
  const Comparison comparison = compared(sessions);
  ASSERT_EQ(comparison.times.size(), 1U);
  EXPECT_FALSE(comparison.times[0].a);
  EXPECT_EQ(comparison.times[0].b->sum_ns.median, 4'000U);
  EXPECT_THAT(comparison.notes, Contains("not every run of A has time out of the guest: none is shown of it"));
  ASSERT_EQ(comparison.mmu.size(), 2U);
  EXPECT_EQ(comparison.mmu[0].a->median, -2);
  EXPECT_EQ(comparison.mmu[1].b->median, 103);
  EXPECT_EQ(comparison.mmu[1].b->max, 105);
}

TimeOut time_of(std::uint64_t exits, std::uint64_t sum_ns, std::uint64_t user_ns, std::uint64_t scheduled_out_ns) {
  return {exits, sum_ns, TimeOut::Away{user_ns, scheduled_out_ns}};
}

TEST(CompareWhere, WhatWasNeitherInUserSpaceNorScheduledOutWasKvms) {
  Session a = ept_session(), b = shadow_session();
  a.times_out = TimesOut{{vmx::kIo, time_of(592, 5'920'000, 5'000'000, 20'000)}};
  b.times_out = TimesOut{{vmx::kHlt, time_of(3, 900, 0, 800)}};
  const Comparison comparison = compare(a, b);
  ASSERT_EQ(comparison.times.size(), 2U);
  const auto& io = comparison.times[1].a->where;
  ASSERT_TRUE(io);
  EXPECT_EQ(io->kvm_ns.median, 900'000U);
  EXPECT_EQ(io->user_ns.median, 5'000'000U);
  EXPECT_EQ(io->scheduled_out_ns.median, 20'000U);
  ASSERT_TRUE(comparison.times[1].b->where) << "there was none, so it took no time anywhere";
  EXPECT_EQ(comparison.times[1].b->where->kvm_ns.median, 0U);
  EXPECT_THAT(to_text(comparison), HasSubstr("900 us"));
  EXPECT_EQ(to_json(comparison)["times"][1]["a"]["user_ns"]["value"], 5'000'000);
  EXPECT_THAT(to_csv(comparison), HasSubstr("\r\nscheduled_out_ns,12,HLT,0,800,"));
  EXPECT_THAT(to_markdown(comparison), HasSubstr("5\\.00 ms"));
  EXPECT_THAT(to_html(comparison), HasSubstr("Where that time went"));
}

TEST(CompareWhere, SumsOfThreeInstantsNeverWrap) {
  Session a = ept_session();
  a.times_out = TimesOut{{vmx::kHlt, time_of(1, 1'000, 900, 200)}};
  EXPECT_EQ(compare(a, a).times.at(0).a->where->kvm_ns.median, 0U);
}

TEST(CompareWhere, NotKnownOfOneRunIsNotKnown) {
  std::vector<Session> sessions = experiment_of("boot", 3);
  for (Session& session : sessions) session.times_out = TimesOut{{vmx::kIo, time_of(10, 1'000, 600, 100)}};
  EXPECT_EQ(compared(sessions).times.at(0).a->where->kvm_ns.median, 300U);
  (*sessions[2].times_out)[vmx::kIo].away.reset();
  const Comparison comparison = compared(sessions);
  EXPECT_FALSE(comparison.times.at(0).a->where);
  EXPECT_TRUE(comparison.times.at(0).b->where);
  EXPECT_TRUE(to_json(comparison)["times"][0]["a"]["kvm_ns"].is_null());
  for (Session& session : sessions) session.times_out = TimesOut{{vmx::kIo, {10, 1'000}}};
  sessions[0].times_out->emplace(vmx::kHlt, TimeOut{1, 5});
  EXPECT_THAT(to_text(compared(sessions)), Not(HasSubstr("Where that time went")));
}

}  // namespace
}  // namespace exitledger
