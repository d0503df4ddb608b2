// SPDX-License-Identifier: MIT
#include "session/session_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "session/sessions_for_tests.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

/// Every field away from its default.
Session full_session() {
  Session session = ept_session();
  session.name = "with \"quotes\", ünïcode and\nnewline";
  session.verdict = Verdict::kDisagrees;
  session.why = "CPUID: the leaf has 1 exits fewer";
  session.leaf_detail = "detail";
  session.reasons[2].residual = -1;
  session.reasons[2].verdict = Verdict::kDisagrees;
  session.reasons[2].why = "why";
  session.raw[2].window = 2;
  session.raw[2].ebpf_after += 5;
  session.raw[2].question = 11;
  session.laws_broken = {{"no-invlpg-under-ept", 14, 3}};
  session.third.emplace();
  session.third->stats = {{"exits", 9, 7, 1, -1, Verdict::kDisagrees, "KVM counts 1 more than the eBPF book"}};
  session.third->hypercalls = {5, 1, 1, 1, 1, 1, Verdict::kWithinBracket, "vCPUs are busy"};
  session.third->living_vcpus = 2;
  session.losses.cause[EL_LOSS_READ_FAILED] = 4;
  session.losses.cause[EL_LOSS_EVENT] = 9;
  session.losses.recursion_misses = {{"el_exit", 2}};
  session.time.verdict = TimeVerdict::kBeyondBound;
  session.time.why = "CPUID: shorter";
  session.time.rate_hz = 50'000'001;
  session.time.gap_ns = 6'500;
  session.time.rate_error_ppb = 1'000'123;
  session.time.reasons = {{.reason = vmx::kCpuid,
                           .exits = 11,
                           .leaf_cycles = 12,
                           .leaf_ns = 13,
                           .ebpf_ns = 14,
                           .difference_ns = -15,
                           .least_ns = -16,
                           .most_ns = 17,
                           .verdict = TimeVerdict::kBeyondBound,
                           .why = "shorter"}};
  session.time.start = {{0, vmx::kCpuid, 18, 19, 20}, {1, vmx::kCpuid, 21, 22, 23}};
  session.time.raw = {{0, vmx::kCpuid, 24, 25, 26}, {1, vmx::kCpuid, 27, 28, 29}};
  session.start = {{.cpu = 0, .reason = session.reasons[2].reason, .ebpf_before = 5, .leaf = 3, .ebpf_after = 5},
                   {.cpu = 0, .reason = vmx::kPmlFull, .ebpf_before = 7, .leaf = 6, .ebpf_after = 7, .own = 1}};
  session.cpu = "Intel(R) Core(TM) i7-4770 CPU @ 3.40GHz";
  session.interrupted = true;
  session.own_exits = 21;
  session.run = {"sh -c 'exit 3'", "night", "ept", 2, 3, true};
  session.vms = {{"demo", "2a3b", 77, 2, 1'000}};
  session.vms_left_out = 4;
  session.hypercalls.nr[5] = 8;
  session.hypercalls.nr[EL_HYPERCALLS - 1] = 9;
  session.hypercalls.reflected = 10;
  session.mmu = {{"mmu_unsync", -1}, {"pf_fixed", 500}};
  session.times_out = {{vmx::kCpuid, {20, 40'000, TimeOut::Away{3'000, 4'000}}}, {vmx::kIo, {1, 2'000}}};
  session.ebpf.at[EL_INDEX_UNKNOWN] = std::numeric_limits<std::uint64_t>::max();
  return session;
}

Session read_back(const Session& session) {
  const Json parsed = Json::parse(to_json(session).dump());
  Result<Session> read = session_from_json(parsed);
  EXPECT_TRUE(read) << read.error().message();
  return read ? *read : Session{};
}

TEST(SessionJson, SaysHowTheRoundsWereTaken) {
  Session session = ept_session();
  session.raw.front().ebpf_after = session.raw.front().ebpf_before;
  session.raw.front().window = 0;
  const auto class_of_first = [&session] { return to_json(session).at("reasons").at(0).at("class"); };
  ASSERT_EQ(session.raw.front().reason, session.reasons.front().reason);
  EXPECT_EQ(class_of_first(), "exact");
  session.raw.front().window = 1;
  EXPECT_EQ(class_of_first(), "bracket");
  std::erase_if(session.raw, [&](const Round& round) { return round.reason == session.reasons.front().reason; });
  EXPECT_EQ(class_of_first(), "none");
}

TEST(SessionJson, EveryFieldSurvivesTheWayThroughText) {
  for (const Session& session : {full_session(), ept_session(), shadow_session(), Session{}}) {
    const Session read = read_back(session);
    EXPECT_EQ(to_json(read).dump(), to_json(session).dump());
  }
  const Session session = full_session();
  const Session read = read_back(session);
  EXPECT_EQ(read.name, session.name);
  EXPECT_EQ(read.epoch, session.epoch);
  EXPECT_EQ(read.ebpf, session.ebpf);
  EXPECT_EQ(read.losses.cause, session.losses.cause);
  EXPECT_EQ(read.losses.recursion_misses, session.losses.recursion_misses);
  EXPECT_EQ(read.parameters, session.parameters);
  EXPECT_EQ(read.started_unix_ns, session.started_unix_ns);
  EXPECT_EQ(read.last_exact_unix_ns, session.last_exact_unix_ns);
  ASSERT_EQ(read.calibration.has_value(), session.calibration.has_value());
  EXPECT_TRUE(!session.calibration || read.calibration->verdict == session.calibration->verdict);
  ASSERT_TRUE(read.third);
  EXPECT_EQ(read.third->verdict(), Verdict::kDisagrees);
  EXPECT_EQ(read.third->stats.at(0).residual, -1);
  EXPECT_EQ(read.third->hypercalls.xen, 1u);
  EXPECT_EQ(read.began_at_load, session.began_at_load);
  EXPECT_EQ(read.rounds, session.rounds);
  EXPECT_EQ(read.leaf, session.leaf);
  EXPECT_EQ(read.verdict, session.verdict);
  EXPECT_EQ(read.laws_broken.at(0).count, 3u);
  ASSERT_EQ(read.reasons.size(), session.reasons.size());
  EXPECT_EQ(read.reasons[2].residual, -1);
  EXPECT_EQ(read.reasons.back().reason, kReasonAll);
  ASSERT_EQ(read.raw.size(), session.raw.size());
  EXPECT_EQ(read.raw[2].window, 2u);
  EXPECT_EQ(read.raw[2].question, 11u);
  EXPECT_EQ(read.raw[2].ebpf_after, session.raw[2].ebpf_after);
  EXPECT_EQ(read.cpu, session.cpu);
  EXPECT_TRUE(read.interrupted);
  ASSERT_TRUE(read.run);
  EXPECT_EQ(read.run->status, 3);
  EXPECT_EQ(read.run->experiment, "night");
  EXPECT_TRUE(read.run->cut_short);
  ASSERT_EQ(read.vms.size(), 1U);
  EXPECT_EQ(read.vms[0].exits, 1'000U);
  EXPECT_EQ(read.hypercalls.nr[EL_HYPERCALLS - 1], 9U);
  EXPECT_EQ(read.mmu, session.mmu);
  ASSERT_TRUE(read.times_out);
  EXPECT_EQ(read.times_out->at(vmx::kCpuid).sum_ns, 40'000U);
  EXPECT_EQ(read.times_out->at(vmx::kCpuid).away->scheduled_out_ns, 4'000U);
  EXPECT_FALSE(read.times_out->at(vmx::kIo).away);
  EXPECT_EQ(read.time.verdict, TimeVerdict::kBeyondBound);
  EXPECT_EQ(read.time.rate_hz, 50'000'001U);
  ASSERT_EQ(read.time.reasons.size(), 1U);
  EXPECT_EQ(read.time.reasons[0].difference_ns, -15);
  ASSERT_EQ(read.time.start.size(), 2U);
  EXPECT_EQ(read.time.start[1].leaf_cycles, 21U);
  ASSERT_EQ(read.time.raw.size(), 2U);
  EXPECT_EQ(read.time.raw[1].intervals, 29U);
  ASSERT_EQ(read.start.size(), 2U);
  EXPECT_EQ(read.start[0].leaf, 3U);
  EXPECT_EQ(read.start[1].reason, vmx::kPmlFull);
  EXPECT_EQ(read.start[1].own, 1U);
}

TEST(SessionJson, AnUnfinishedSessionAndOneWithoutLeafSurviveToo) {
  Session session;
  session.id = "9";
  session.leaf = LeafState::kAbsent;
  session.vendor = Vendor::kSvm;
  session.paging = Paging::kNpt;
  session.ebpf.at[EL_INDEX_SVM_NPF] = 12;
  const Session read = read_back(session);
  EXPECT_TRUE(read.running());
  EXPECT_TRUE(read.reasons.empty());
  EXPECT_EQ(read.ebpf.at[EL_INDEX_SVM_NPF], 12u);
  EXPECT_EQ(read.vendor, Vendor::kSvm);
}

TEST(SessionJson, HasTheShapeOfTheContract) {
  const std::vector<Session> sessions{ept_session(), shadow_session()};
  const Json document = result_document(sessions, {{"ept", "out/demo/ept.prom"}, {"shadow", "out/demo/shadow.prom"}});
  EXPECT_EQ(document["metrics"]["ept"], "out/demo/ept.prom");
  ASSERT_EQ(document["sessions"].size(), 2u);
  const Json& session = document["sessions"][0];
  EXPECT_EQ(session["paging"], "ept");
  EXPECT_EQ(session["verdict"], "agrees");
  EXPECT_EQ(session["laws_broken"], Json::array());
  EXPECT_EQ(session["losses"], 0);
  EXPECT_EQ(session["epoch"], "0xfedcba9876543210");
  std::uint64_t ebpf = 0, leaf = 0;
  for (const Json& row : session["reasons"]) {
    ebpf += row["ebpf"].get<std::uint64_t>();
    leaf += row["leaf"].get<std::uint64_t>();
    EXPECT_EQ(row["residual"], 0);
    EXPECT_EQ(row["raw"]["rounds"].size(), 1u);
  }
  EXPECT_EQ(session["total"]["ebpf"], ebpf);
  EXPECT_EQ(session["total"]["leaf"], leaf);
  EXPECT_EQ(session["exits"], ebpf);
  const Json& cpuid = session["reasons"][2];
  EXPECT_EQ(cpuid["number"], 10);
  EXPECT_EQ(cpuid["name"], "CPUID");
  EXPECT_EQ(cpuid["own"], 80);
  EXPECT_EQ(cpuid["raw"]["rounds"][0], (Json{{"cpu", 0},
                                             {"ebpf_before", 1742},
                                             {"leaf", 1735},
                                             {"ebpf_after", 1742},
                                             {"window", 0},
                                             {"own", 80},
                                             {"question", 0}}));
  ASSERT_EQ(session["pseudo"].size(), 1u);
  EXPECT_EQ(session["pseudo"][0]["name"], "ALL");
}

TEST(SessionJson, TotalsAndFlagsAreNoPartOfTheSum) {
  Session session = agreed_session("1", Paging::kEpt, {{10, 5}, {kReasonUnknown, 3}});
  session.reasons.insert(session.reasons.end() - 1, {kReasonBusLock, 2, 2, 0, 0, Verdict::kAgrees, ""});
  const Json json = to_json(session);
  EXPECT_EQ(json["total"]["ebpf"], 8);
  EXPECT_EQ(json["reasons"].size(), 2u);
  EXPECT_EQ(json["pseudo"].size(), 2u);
  EXPECT_EQ(to_json(read_back(session)).dump(), json.dump());
}

TEST(SessionJson, LargestCountsStayWhole) {
  Session session;
  const auto max = std::numeric_limits<std::uint64_t>::max();
  session.reasons = {{10, max, max - 1, 0, std::numeric_limits<std::int64_t>::min(), Verdict::kDisagrees, "x"}};
  session.started_unix_ns = std::numeric_limits<std::int64_t>::min();
  const Session read = read_back(session);
  EXPECT_EQ(read.reasons.at(0).ebpf, max);
  EXPECT_EQ(read.reasons.at(0).leaf, max - 1);
  EXPECT_EQ(read.reasons.at(0).residual, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read.started_unix_ns, std::numeric_limits<std::int64_t>::min());
}

struct BadCase {
  const char* name;
  std::function<void(Json&)> spoil;
  const char* path;
};

class BadCertificate : public testing::TestWithParam<BadCase> {};

TEST_P(BadCertificate, IsRefusedWithThePath) {
  Json json = to_json(full_session());
  GetParam().spoil(json);
  const Result<Session> read = session_from_json(json);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().object, GetParam().path);
  EXPECT_THAT(read.error().message(), HasSubstr("read session"));
}

INSTANTIATE_TEST_SUITE_P(
    Certificate, BadCertificate,
    testing::Values(
        BadCase{"NoObject", [](Json& j) { j = Json::array(); }, "document"},
        BadCase{"MissingField", [](Json& j) { j.erase("kernel"); }, "kernel"},
        BadCase{"NumberForText", [](Json& j) { j["id"] = 1; }, "id"},
        BadCase{"TextForNumber", [](Json& j) { j["rounds"] = "3"; }, "rounds"},
        BadCase{"FractionForNumber", [](Json& j) { j["rounds"] = 3.0; }, "rounds"},
        BadCase{"Negative", [](Json& j) { j["reasons"][3]["leaf"] = -1; }, "reasons[3].leaf"},
        BadCase{"BeyondSigned", [](Json& j) { j["ended_unix_ns"] = UINT64_MAX; }, "ended_unix_ns"},
        BadCase{"UnknownVerdict", [](Json& j) { j["reasons"][0]["verdict"] = "fine"; }, "reasons[0].verdict"},
        BadCase{"UnknownPaging", [](Json& j) { j["paging"] = "EPT"; }, "paging"},
        BadCase{"ReasonBeyond16Bits", [](Json& j) { j["reasons"][0]["number"] = 65'536; }, "reasons[0].number"},
        BadCase{"OtherName", [](Json& j) { j["reasons"][0]["name"] = "HLT"; }, "reasons[0].name"},
        BadCase{"ReasonTwice", [](Json& j) { j["reasons"][1] = j["reasons"][0]; }, "reasons[1].number"},
        BadCase{"TotalAmongReasons", [](Json& j) { j["reasons"].push_back(j["pseudo"][0]); }, "reasons[9].number"},
        BadCase{"CountChanged", [](Json& j) { j["reasons"][0]["ebpf"] = 1; }, "total.ebpf"},
        BadCase{"TotalChanged", [](Json& j) { j["total"]["leaf"] = 1; }, "total.leaf"},
        BadCase{"LossesHidden", [](Json& j) { j["losses"] = 0; }, "losses"},
        BadCase{"ExitsChanged", [](Json& j) { j["exits"] = 1; }, "exits"},
        BadCase{"LossCauseMissing", [](Json& j) { j["losses_by_cause"].erase("no_cpu"); }, "losses_by_cause.no_cpu"},
        BadCase{"RoundWithoutCpu", [](Json& j) { j["reasons"][0]["raw"]["rounds"][0].erase("cpu"); },
                "reasons[0].raw.rounds[0].cpu"},
        BadCase{"RoundsNoArray", [](Json& j) { j["reasons"][0]["raw"]["rounds"] = 1; }, "reasons[0].raw.rounds"},
        BadCase{"IndexBeyondBook", [](Json& j) { j["book"][0]["index"] = 192; }, "book[0].index"},
        BadCase{"EpochNoHex", [](Json& j) { j["epoch"] = "0x00000000000000zz"; }, "epoch"},
        BadCase{"EpochNumber", [](Json& j) { j["epoch"] = 5; }, "epoch"},
        BadCase{"ParameterNumber", [](Json& j) { j["parameters"]["kvm_intel.ept"] = 1; }, "parameters.kvm_intel.ept"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace exitledger
