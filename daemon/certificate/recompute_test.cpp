// SPDX-License-Identifier: MIT
#include "certificate/recompute.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "certificate/recorded_session.h"
#include "session/session_json.h"

namespace exitledger {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using What = RecordedHost::What;

std::string lines(const Recomputed& found) {
  std::string text;
  for (const Refutation& each : found.refuted) text += each.path + " " + each.what + "\n";
  for (const std::string& each : found.untold) text += "untold: " + each + "\n";
  return text;
}

/// Through text, as a certificate's reader gets it.
Recomputed checked(const Session& session) {
  const auto result = recompute_document(Json::parse(to_json(session).dump()));
  EXPECT_TRUE(result) << result.error().message();
  return result ? result->recomputed : Recomputed{};
}

constexpr What kShadow{.paging = Paging::kShadow, .seed = 2};
constexpr What kNpt{.vendor = Vendor::kSvm, .paging = Paging::kNpt, .seed = 3};
constexpr What kSvmShadow{.vendor = Vendor::kSvm, .paging = Paging::kShadow, .cpus = 3, .seed = 4};
constexpr What kOlder{.at_load = false, .seed = 5};

TEST(Recompute, FindsNothingWhereNothingIsWrong) {
  for (const What& what : {What{}, kShadow, kNpt, kSvmShadow, kOlder}) {
    const Session session = recorded_session(what);
    EXPECT_EQ(session.verdict, Verdict::kAgrees) << session.why;
    EXPECT_EQ(session.time.verdict, TimeVerdict::kWithinBound) << session.time.why;
    EXPECT_EQ(session.third->verdict(), Verdict::kAgrees) << session.third->why();
    EXPECT_EQ(lines(checked(session)), "") << what.seed;
  }
}

TEST(Recompute, ReadsTheDocumentOfAnEarlierExitledger) {
  auto document = to_json(recorded_session(What{}));
  auto& causes = document.at("losses_by_cause");
  causes["entry_no_slot"] = causes.at("exit_elsewhere");
  auto both = document;
  causes.erase("exit_elsewhere");
  const auto former = recompute_document(document);
  ASSERT_TRUE(former) << former.error().message();
  EXPECT_THAT(former->recomputed.refuted, IsEmpty());
  EXPECT_THAT(recompute_document(both)->recomputed.refuted, Not(IsEmpty())) << "one of the two is nobody's";
}

TEST(Recompute, AsksNoMoreOfASessionThatIsNotFinished) {
  for (const What& what : {What{}, kNpt, kOlder}) {
    RecordedHost host(what);
    EXPECT_EQ(lines(checked(host.now())), "") << "no reading yet";
    host.guests_run(usual_reasons(what.vendor, what.paging));
    host.read();
    const Session first = host.now();
    EXPECT_EQ(first.verdict, what.at_load ? Verdict::kAgrees : Verdict::kWithinBracket) << first.why;
    EXPECT_EQ(lines(checked(first)), "") << "one reading";
    host.guests_run(usual_reasons(what.vendor, what.paging));
    host.read();
    EXPECT_EQ(lines(checked(host.now())), "") << "running";
    Session interrupted = host.now();
    interrupted.interrupted = true;
    EXPECT_EQ(lines(checked(interrupted)), "") << "interrupted";
  }
}

TEST(Recompute, TakesTheBookOfASessionThatWasCutAtItsReading) {
  for (const What& what : {What{}, kNpt, kOlder}) {
    RecordedHost host(what);
    host.read();
    host.guests_run(usual_reasons(what.vendor, what.paging));
    host.read();
    host.guests_run(usual_reasons(what.vendor, what.paging));
    Session session = host.cut();
    EXPECT_EQ(lines(checked(session)), "");
    if (!what.at_load) continue;  // its book began before its first reading
    session.own_exits += 1;
    EXPECT_THAT(lines(checked(session)), HasSubstr("own_exits states "));
  }
}

// A running host moves while its counters are read one by one: then they need not add up.
TEST(Recompute, ABookThatIsOfNoOneInstantNeedNotAddUp) {
  RecordedHost host(What{});
  host.guests_run({vmx::kIo});
  host.read();
  host.guests_run({vmx::kIo});
  Session session = host.now();
  session.ebpf.at[vmx::kIo] -= 1;
  EXPECT_EQ(lines(checked(session)), "");
  session.ended_unix_ns = 1;
  EXPECT_THAT(lines(checked(session)), HasSubstr("exits states "));
}

TEST(Recompute, FindsADisagreementAsItIs) {
  for (const What& what : {What{}, kOlder}) {
    RecordedHost host(what);
    host.guests_run({vmx::kIo, vmx::kCpuid});
    host.read();
    host.read();
    host.leaf_alone(1, vmx::kIo, 7);
    host.read();
    const Session session = host.ended();
    EXPECT_EQ(session.verdict, Verdict::kDisagrees);
    EXPECT_EQ(lines(checked(session)), "");
  }
}

TEST(Recompute, ADisagreementOfAnEarlierReadingIsToldApart) {
  RecordedHost host(What{});
  host.guests_run({vmx::kIo});
  host.leaf_alone(0, vmx::kIo, 5);
  host.read();
  host.leaf_alone(0, vmx::kIo, ~std::uint64_t{0} - 4);  // five fewer
  host.exits(0, vmx::kIo, 9);
  host.read();
  const Session session = host.ended();
  EXPECT_EQ(session.verdict, Verdict::kDisagrees);
  const Recomputed found = checked(session);
  EXPECT_THAT(found.refuted, IsEmpty()) << lines(found);
  EXPECT_THAT(lines(found), HasSubstr("untold: verdict \"disagrees\": IO_INSTRUCTION: the leaf has 5 exits more"));
}

TEST(Recompute, ALeafOf32BitsIsNoContradictionOfTheDocument) {
  RecordedHost host(kOlder);
  host.exits(0, vmx::kIo, std::uint64_t{1} << 32);
  host.read();
  host.guests_run({vmx::kIo});
  host.read();
  host.exits(0, vmx::kIo, 1'000'000);
  host.leaf_alone(0, vmx::kIo, 0 - (std::uint64_t{1} << 32));
  host.read();
  const Session session = host.ended();
  EXPECT_THAT(session.why, HasSubstr("32 bits"));
  const Recomputed found = checked(session);
  EXPECT_THAT(found.refuted, IsEmpty()) << lines(found);
  EXPECT_THAT(lines(found), HasSubstr("the leaf fell by 2^32"));
}

TEST(Recompute, ACpuThatWasNotReadLeavesItsRowsUntold) {
  RecordedHost host(What{});
  host.guests_run({vmx::kIo});
  host.read();
  host.guests_run({vmx::kIo});
  host.read_without(1);
  const Session session = host.ended();
  EXPECT_EQ(session.verdict, Verdict::kCannotTell);
  const Recomputed found = checked(session);
  EXPECT_THAT(found.refuted, IsEmpty()) << lines(found);
  EXPECT_THAT(lines(found), HasSubstr("CPU 1 was not read in the newest reading"));
}

TEST(Recompute, TakesWhatForbidsAVerdictAsStated) {
  RecordedHost lossy(What{});
  lossy.guests_run({vmx::kIo});
  lossy.read();
  lossy.lose(3);
  EXPECT_EQ(lossy.now().verdict, Verdict::kCannotTell);
  EXPECT_EQ(lines(checked(lossy.now())), "");

  RecordedHost refused(What{});
  refused.guests_run({vmx::kIo});
  refused.read();
  refused.session().leaf_is(LeafState::kRefused, "exit_leaf is off");
  EXPECT_EQ(lines(checked(refused.now())), "");

  RecordedHost unproven(What{});
  unproven.guests_run({vmx::kIo});
  unproven.read();
  unproven.session().cannot_trust("the layout changed");
  const Recomputed found = checked(unproven.now());
  EXPECT_THAT(found.refuted, IsEmpty()) << lines(found);
  EXPECT_THAT(lines(found), HasSubstr("untold: verdict \"cannot tell\": the layout changed"));
}

TEST(Recompute, TimeThatWasToldBeforeALossIsNotTold) {
  RecordedHost host(What{});
  for (int i = 0; i < 2; ++i) {
    host.guests_run({vmx::kIo});
    host.read();
  }
  ASSERT_EQ(host.now().time.verdict, TimeVerdict::kWithinBound) << host.now().time.why;
  host.lose(3);
  EXPECT_EQ(host.now().time.verdict, TimeVerdict::kCannotTell);
  EXPECT_EQ(lines(checked(host.now())), "");
}

TEST(Recompute, AnUntrustedSessionMayHaveRoundsThatDisagree) {
  RecordedHost host(What{});
  host.guests_run({vmx::kIo});
  host.leaf_alone(0, vmx::kIo, 5);
  host.read();
  host.session().cannot_trust("the calibration disagrees");
  Session session = host.now();
  EXPECT_EQ(session.verdict, Verdict::kCannotTell);
  const Recomputed found = checked(session);
  EXPECT_THAT(found.refuted, IsEmpty()) << lines(found);
  EXPECT_THAT(lines(found), HasSubstr("untold: verdict \"cannot tell\": the calibration disagrees"));
  session.reasons[0].why = "something else";
  EXPECT_THAT(lines(checked(session)), HasSubstr("the rounds give \"disagrees\""));
}

TEST(Recompute, WhatIsCountedBesideTheBookIsNoMore) {
  const Session good = recorded_session(What{});
  ASSERT_EQ(lines(checked(good)), "");
  const auto said = [&](const std::function<void(Session&)>& spoil) {
    Session session = good;
    spoil(session);
    return lines(checked(session));
  };
  EXPECT_THAT(said([](Session& s) { s.own_exits = s.ebpf.all() + 1; }), HasSubstr("own_exits states "));
  EXPECT_THAT(said([](Session& s) { s.hypercalls.reflected = s.ebpf.all() + 1; }),
              HasSubstr("hypercalls.reflected states "));
  EXPECT_THAT(said([](Session& s) { s.vms.at(0).exits = UINT64_MAX; }), HasSubstr("vms states "));
  EXPECT_THAT(said([](Session& s) { ++s.vms_left_out; }), HasSubstr("vms states "));
  EXPECT_THAT(said([](Session& s) { s.times_out->begin()->second.exits = s.ebpf.all() + 1; }),
              HasSubstr("times_out[0].exits states "));
}

TEST(Recompute, FindsBrokenLaws) {
  RecordedHost host(kShadow);
  host.guests_run({vmx::kEptViolation});
  host.read();
  Session session = host.ended();
  ASSERT_EQ(session.laws_broken.size(), 1U);
  EXPECT_EQ(lines(checked(session)), "");
  session.laws_broken.clear();
  EXPECT_THAT(lines(checked(session)), HasSubstr("laws_broken[0] states none, the counts give no-ept-violation"));
}

struct Spoilt {
  const char* name;
  std::function<void(Session&)> spoil;
  const char* said;  ///< within the lines
};

class RecomputeSpoilt : public testing::TestWithParam<Spoilt> {};

TEST_P(RecomputeSpoilt, IsNamed) {
  Session session = recorded_session(What{});
  GetParam().spoil(session);
  const Recomputed found = checked(session);
  EXPECT_FALSE(found.refuted.empty());
  EXPECT_THAT(lines(found), HasSubstr(GetParam().said));
}

Round& round_of(std::vector<Round>& rounds, Reason reason) {
  return *std::find_if(rounds.begin(), rounds.end(), [&](const Round& round) { return round.reason == reason; });
}

INSTANTIATE_TEST_SUITE_P(
    One, RecomputeSpoilt,
    testing::Values(
        Spoilt{"Count", [](Session& s) { s.reasons[3].ebpf += 1; }, "reasons[3].ebpf states "},
        Spoilt{"Own", [](Session& s) { s.reasons[3].own += 1; }, "reasons[3].own states 1, the rounds give 0"},
        Spoilt{"Residual", [](Session& s) { s.reasons[3].residual = 1; },
               "reasons[3].residual states 1, the rounds give 0"},
        Spoilt{"Round", [](Session& s) { s.raw[5].leaf += 1; }, "leaf"},
        Spoilt{"RoundBelowStart", [](Session& s) { round_of(s.raw, vmx::kIo).ebpf_before = 1; }, "below the start's"},
        Spoilt{"RoundOfAnotherCpu", [](Session& s) { s.raw[0].cpu = 7; }, ".cpu CPU 7 has no start"},
        Spoilt{"RoundTwice", [](Session& s) { s.raw[0].cpu = 1; }, "CPU 1 stands here twice"},
        Spoilt{"QuestionTwice", [](Session& s) { s.raw[0].question = 2; }, "another round of CPU 0 answers"},
        Spoilt{"FewerQuestions", [](Session& s) { s.questions = 9; }, "questions states 9"},
        Spoilt{"WiderRound", [](Session& s) { round_of(s.raw, vmx::kIo).window = 1; },
               ".window states 1, the rounds of this CPU are exact, so 0"},
        Spoilt{"AllRoundsWider",
               [](Session& s) {
                 for (Round& round : s.raw) round.window = 1;
               },
               "verdict states \"agrees\", the rounds give \"within bracket\""},
        Spoilt{"RowWithoutRounds",
               [](Session& s) {
                 std::erase_if(s.raw, [](const Round& round) { return round.reason == vmx::kIo; });
                 std::erase_if(s.start, [](const Round& round) { return round.reason == vmx::kIo; });
               },
               "raw.rounds has none"},
        Spoilt{"BetterVerdict",
               [](Session& s) {
                 round_of(s.raw, vmx::kIo).leaf += 5;
                 for (ReasonVerdict& row : s.reasons)
                   if (row.reason == vmx::kIo) row.leaf += 5;
               },
               "verdict states \"agrees\", the rounds give \"disagrees\": the leaf has 5 exits more"},
        Spoilt{"VerdictAboveItsRows", [](Session& s) { s.verdict = Verdict::kDisagrees, s.why = "so"; },
               "verdict states \"disagrees\", the worst of its rows \"agrees\""},
        Spoilt{"VerdictDespiteLosses", [](Session& s) { s.losses.cause[EL_LOSS_NO_CPU] = 2; }, "2 event"},
        Spoilt{"VerdictWithoutALeaf", [](Session& s) { s.leaf = LeafState::kAbsent; }, "the leaf is absent"},
        Spoilt{"NoReason", [](Session& s) { s.verdict = Verdict::kCannotTell; }, "the verdict needs a reason"},
        Spoilt{"NeverExact", [](Session& s) { s.last_exact_unix_ns = 0; }, "last_exact_unix_ns states 0"},
        Spoilt{"Book", [](Session& s) { s.ebpf.at[vmx::kIo] += 1; }, "the reasons in `book` add up to"},
        Spoilt{"BookBelowItsRow", [](Session& s) { s.ebpf.at[vmx::kIo] = 5; }, "book has 5 of IO_INSTRUCTION"},
        Spoilt{"FewerOwnExits", [](Session& s) { s.own_exits = 5; }, "own_exits states 5, and pseudo[1].own "},
        Spoilt{"UnreadExits", [](Session& s) { s.ebpf.at[EL_INDEX_UNREAD] = 1, s.ebpf.at[EL_INDEX_ALL] += 1; },
               "losses_by_cause states 0, as no_offset and read_failed, `book` has of such exits 1"},
        Spoilt{"Statistic", [](Session& s) { s.third->stats[2].statistic += 1; },
               "third_witness.kvm_stats[2].residual states 0"},
        Spoilt{"Passes", [](Session& s) { s.third->stats[2].passes = 1, s.third->stats[2].residual = 1; },
               "third_witness.kvm_stats[2].passes states 1"},
        Spoilt{"ResidualThatAgrees", [](Session& s) { s.third->stats[2].counted += 1, s.third->stats[2].residual = 1; },
               "states \"agrees\" with a residual of 1"},
        Spoilt{"KvmCountsMore",
               [](Session& s) {
                 s.third->living_vcpus = 2;
                 s.third->stats[2] = {s.third->stats[2].name, 6, 5, 0, -1, Verdict::kWithinBracket, "so"};
               },
               "kvm_stats[2].verdict states \"within bracket\", and KVM counts more than the eBPF book"},
        Spoilt{
            "BusyWhereNobodyLives",
            [](Session& s) { s.third->stats[2] = {s.third->stats[2].name, 5, 6, 0, 1, Verdict::kWithinBracket, "so"}; },
            "kvm_stats[2].verdict states \"within bracket\", and no vCPU lived"},
        Spoilt{
            "NestedWhereNobodyNests",
            [](Session& s) { s.third->stats[2] = {s.third->stats[2].name, 6, 5, 0, -1, Verdict::kCannotTell, "so"}; },
            "kvm_stats[2].verdict states \"cannot tell\", and no exit of a nested guest"},
        Spoilt{"StatisticTwice", [](Session& s) { s.third->stats[2].name = s.third->stats[1].name; },
               "third_witness.kvm_stats[2].name states "},
        Spoilt{"HypercallsThatAgree",
               [](Session& s) { s.third->hypercalls.exits += 1, s.third->hypercalls.residual = 1; },
               "third_witness.hypercalls.verdict states \"agrees\" with a residual of 1"},
        Spoilt{"HypercallsOfNoHyperV",
               [](Session& s) {
                 s.third->hypercalls.exits += 9, s.third->hypercalls.residual = 9;
                 s.third->hypercalls.verdict = Verdict::kCannotTell, s.third->hypercalls.why = "so";
               },
               "hypercalls.verdict states \"cannot tell\", and no guest used Hyper-V's hypercalls"},
        Spoilt{"HypercallsOnTheirWay",
               [](Session& s) {
                 s.third->hypercalls.hyperv += 1, s.third->hypercalls.exits += 2, s.third->hypercalls.residual = 1;
                 s.third->hypercalls.verdict = Verdict::kCannotTell, s.third->hypercalls.why = "so";
                 s.third->living_vcpus = 1;
               },
               "hypercalls.verdict states \"cannot tell\", and each that is missing can be on its way"},
        Spoilt{"PagingOfAnotherParameter", [](Session& s) { s.parameters["kvm_intel.ept"] = "N"; },
               "paging states ept, kvm_intel.ept gives shadow"},
        Spoilt{"ParameterThatIsNone", [](Session& s) { s.parameters["kvm_intel.ept"] = "Yes"; },
               "parameters.kvm_intel.ept states Yes, neither Y nor N"},
        Spoilt{"BeganLater", [](Session& s) { s.began_at_load = false; },
               "began_at_load states false, and the leaf stood at zero"},
        Spoilt{"CalibrationWithoutReason", [](Session& s) { s.calibration->verdict = Verdict::kCannotTell; },
               "calibration.why states nothing, and the verdict needs a reason"},
        Spoilt{"MoreAwayThanOut", [](Session& s) { s.times_out->begin()->second.away->user_ns += 333'334; },
               "times_out[0].user_ns states 456790, with 654321 of scheduled_out_ns: more than sum_ns, 987654"},
        Spoilt{"AwayBeyond64Bits",
               [](Session& s) {
                 s.times_out->begin()->second.away = {UINT64_MAX, 2};
               },
               "times_out[0].user_ns states "},
        Spoilt{"HypercallBalance", [](Session& s) { s.third->hypercalls.xen += 1; },
               "third_witness.hypercalls.residual states 0"},
        Spoilt{"Hypercalls", [](Session& s) { s.hypercalls.nr[5] += 1; }, "hypercalls states "},
        Spoilt{"Cycles", [](Session& s) { s.time.reasons[1].leaf_cycles += 1; }, "time.reasons[1].leaf_cycles states "},
        Spoilt{"Bound", [](Session& s) { s.time.reasons[1].most_ns += 1; }, "time.reasons[1].most_ns states "},
        Spoilt{"TimeVerdict", [](Session& s) { s.time.reasons[1].verdict = TimeVerdict::kBeyondBound; },
               "time.reasons[1].verdict states beyond bound"},
        Spoilt{"TimeDespiteLosses", [](Session& s) { s.losses.cause[EL_LOSS_NO_SLOT] = 4; },
               "time.verdict states \"within bound\", 4 intervals"},
        Spoilt{"LawThatIsKept",
               [](Session& s) {
                 s.laws_broken = {{"no-invlpg-under-ept", vmx::kInvlpg, 3}};
               },
               "laws_broken[0] states no-invlpg-under-ept (INVLPG 3), the counts give none"}),
    [](const auto& test) { return test.param.name; });

// No law is hit, no exit of a guest is there: the parameter alone tells.
TEST(Recompute, AnIdleSessionHasThePagingOfItsParameter) {
  for (const What& what : {What{}, kShadow, kNpt, kSvmShadow}) {
    RecordedHost host(what);
    host.read();
    Session session = host.ended();
    EXPECT_EQ(lines(checked(session)), "");
    const Paging nested = what.vendor == Vendor::kSvm ? Paging::kNpt : Paging::kEpt;
    session.paging = what.paging == Paging::kShadow ? nested : Paging::kShadow;
    EXPECT_THAT(lines(checked(session)), HasSubstr("paging states "));
  }
}

TEST(Recompute, ASessionThatBeganLaterDidNotBeginAtTheLoad) {
  Session session = recorded_session(kOlder);
  session.began_at_load = true;
  EXPECT_THAT(lines(checked(session)), HasSubstr("began_at_load states true, and the leaf stood nowhere at zero"));
}

// Hypercalls that came between the two looks at the tracepoints.
TEST(Recompute, WhatTheSecondLookAloneSawIsTold) {
  Session session = recorded_session(What{});
  session.third->hypercalls.xen += 2;
  session.third->hypercalls.residual = -2;
  const Recomputed found = checked(session);
  EXPECT_THAT(found.refuted, IsEmpty()) << lines(found);
  EXPECT_THAT(lines(found), HasSubstr("third_witness.hypercalls.verdict: states \"agrees\" with a residual of -2"));
}

// While exits go on, the parts of the time out and their sum are of several instants.
TEST(Recompute, TimesOutOfARunningHostNeedNotAddUp) {
  RecordedHost host(What{});
  host.guests_run({vmx::kIo});
  host.read();
  host.guests_run({vmx::kIo});
  Session session = host.now();
  session.times_out->begin()->second.away->user_ns += 400'000;
  EXPECT_EQ(lines(checked(session)), "");
}

// verify is given what anybody wrote; with the asan preset, overflow ends this test.
TEST(Recompute, NumbersThatNoHostHasAreJudgedAll) {
  Session session = recorded_session(What{});
  for (TimeRound& round : session.time.raw) round.intervals = round.leaf_cycles = round.ebpf_ns = UINT64_MAX;
  session.time.gap_ns = INT64_MAX;
  session.time.rate_hz = 1;
  session.time.rate_error_ppb = UINT64_MAX;
  for (Round& round : session.raw) round.leaf = std::uint64_t{1} << 63;
  EXPECT_THAT(lines(checked(session)), HasSubstr("time.reasons[0].most_ns states "));
}

TEST(Recompute, SeesWhatNoSessionSays) {
  Json json = to_json(recorded_session(What{}));
  json["surplus"] = 1;
  json["reasons"][0]["class"] = "bracket";
  json["state"] = "running";
  const auto result = recompute_document(json);
  ASSERT_TRUE(result);
  EXPECT_EQ(lines(result->recomputed),
            "state states \"running\", the rest of the document gives \"ended\"\n"
            "reasons[0].class states \"bracket\", the rest of the document gives \"exact\"\n"
            "surplus is nothing that a session has\n");
}

TEST(Recompute, NamesWhatCannotBeRead) {
  Json json = to_json(recorded_session(What{}));
  json["reasons"][0]["ebpf"] = "five";
  const auto result = recompute_document(json);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().object, "reasons[0].ebpf");
}

}  // namespace
}  // namespace exitledger
