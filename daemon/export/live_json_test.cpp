// SPDX-License-Identifier: MIT
#include "export/live_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace exitledger {
namespace {

using testing::HasSubstr;

LiveSample busy_host() {
  LiveSample sample;
  sample.time_ns = 5'000'000'000;
  sample.unix_ns = 1'700'000'000'000'000'001;
  LiveSession session;
  session.id = "3";
  session.name = "a \"name\"";
  session.paging = Paging::kShadow;
  session.started_unix_ns = 1'699'999'990'000'000'000;
  session.verdict = Verdict::kDisagrees;
  session.why = "HLT: 1 exit";
  session.laws_broken = {"no-ept-violation-under-shadow"};
  session.third = Verdict::kWithinBracket;
  session.leaf = LeafState::kPresent;
  session.rounds = 4;
  session.read_ns = 4'000'000'000;
  session.lost = 2;
  session.lost_by_vcpus = 7;
  sample.session = session;
  sample.reasons = {{"CPUID", vmx::kCpuid, 18'446'744'073'709'551'615U, TimeOut{9, 1234}, {}},
                    {"HLT", vmx::kHlt, 0, {}, LiveReason::Reading{5, 6, 1, -1, Verdict::kDisagrees}},
                    {std::string{kUnread}, std::nullopt, 1, {}, {}}};
  sample.vms = {{7, "web", "u-1", 42, 100, 2, {{"CPUID", 8}, {"HLT", 1}}, {{0, 100, {{"CPUID", 3}}}, {1, 101, {}}}}};
  return sample;
}

TEST(LiveJson, ReadsBackWhatItWrote) {
  const auto json = live_json(busy_host());
  const auto read = live_from_json(json);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(live_json(*read), json);
  EXPECT_EQ(read->reasons[0].ebpf, 18'446'744'073'709'551'615U);
  EXPECT_EQ(read->reasons[1].reading->residual, -1);
  EXPECT_FALSE(read->reasons[2].number);
  EXPECT_EQ(read->vms[0].each[1].born_ns, 101U);
}

TEST(LiveJson, WithoutASessionThereIsNone) {
  LiveSample sample;
  sample.detached_because = "no KVM module is loaded: waiting for one";
  const auto read = live_from_json(live_json(sample));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_FALSE(read->session);
  EXPECT_EQ(read->detached_because, sample.detached_because);
}

TEST(LiveJson, WhatIsWrongIsNamedByItsPath) {
  const auto refuse = [](const char* pointer, const nlohmann::ordered_json& value) {
    auto json = live_json(busy_host());
    json[nlohmann::ordered_json::json_pointer(pointer)] = value;
    const auto read = live_from_json(json);
    return read ? std::string{} : read.error().message();
  };
  EXPECT_THAT(refuse("/reasons/1/ebpf", -1), HasSubstr("reasons[1].ebpf"));
  EXPECT_THAT(refuse("/reasons/1/reading/verdict", "fine"), HasSubstr("reasons[1].reading.verdict"));
  EXPECT_THAT(refuse("/session/paging", "none"), HasSubstr("session.paging"));
  EXPECT_THAT(refuse("/vms/0/each/0/exits/CPUID", "3"), HasSubstr("vms[0].each[0].exits.CPUID"));
  EXPECT_THAT(refuse("/vms/0/pid", 4'294'967'296U), HasSubstr("vms[0].pid"));
}

}  // namespace
}  // namespace exitledger
