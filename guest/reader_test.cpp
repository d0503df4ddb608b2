// SPDX-License-Identifier: MIT
#include "reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fake_host.h"
#include "run.h"

namespace exitledger::guest {
namespace {

using leaf::Scope;
using nlohmann::json;
using testing::HasSubstr;

constexpr std::uint32_t kEveryScope = 0x1F << 8;
constexpr std::uint32_t kVmxEpt = 1 | 1 << 2;
constexpr std::uint32_t kSvmNpt = 2 | 3 << 2;

fake::Patched busy_host() {
  fake::Patched host;
  host.counts = {{0, 0},          {10, 100},           {48, 0x1'0000'0007},    {62, 0},
                 {kReasonAll, 0}, {kReasonUnknown, 0}, {kReasonFailedEntry, 3}};
  host.total = 0x1'0000'006B;
  return host;
}

Result<Output> run_on(fake::Patched& host, Options options) { return run(fake::through(host), options); }

std::string error_of(const Result<Output>& output) { return output ? "no error" : output.error().message(); }

TEST(Reader, JsonHasTheContractedShape) {
  auto host = busy_host();
  Options options;
  options.json = true;
  const auto output = run_on(host, options);
  ASSERT_TRUE(output) << error_of(output);
  const auto report = json::parse(output->text);
  EXPECT_EQ(report["abi"], 1);
  EXPECT_EQ(report["vendor"], "vmx");
  EXPECT_EQ(report["paging"], "ept");
  EXPECT_EQ(report["scope"], "vm");
  EXPECT_EQ(report["instance"], "0x0000000400000003");
  ASSERT_EQ(report["reasons"].size(), 2u) << "zeros are left out";
  EXPECT_EQ(report["reasons"][0]["number"], 10);
  EXPECT_EQ(report["reasons"][0]["name"], "CPUID");
  EXPECT_FALSE(report["reasons"][0].contains("cycles"));
  EXPECT_EQ(report["reasons"][1]["exits"], 0x1'0000'0007u) << "64 bits";
  ASSERT_EQ(report["others"].size(), 1u) << "flags are no summands";
  EXPECT_EQ(report["others"][0]["name"], "FAILED_ENTRY_FLAG");
}

TEST(Reader, TotalIsItsOwnCounterAskedLast) {
  auto host = busy_host();
  const auto abi = read_abi(fake::through(host));
  ASSERT_TRUE(abi);
  const auto report = read_counts(fake::through(host), *abi, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->total, host.total);
}

TEST(Reader, AllShowsZerosAndChosenReasonsAreShownAnyway) {
  auto host = busy_host();
  Options options;
  options.json = options.zeros = true;
  EXPECT_EQ(json::parse(run_on(host, options)->text)["reasons"].size(), 5u) << "0, 10, 48, 62 and UNKNOWN";
  options.zeros = false;
  options.reasons = {"PML_FULL", "10"};
  const auto reasons = json::parse(run_on(host, options)->text)["reasons"];
  ASSERT_EQ(reasons.size(), 2u);
  EXPECT_EQ(reasons[0]["name"], "CPUID");
  EXPECT_EQ(reasons[1]["exits"], 0);
}

TEST(Reader, TheScopeAskedForIsTheOneOnTheWireAndInTheOutput) {
  for (const Scope scope : {Scope::kDefault, Scope::kVcpu, Scope::kVm, Scope::kHost, Scope::kCpu}) {
    auto host = busy_host();
    host.flags = kVmxEpt | kEveryScope;
    Options options;
    options.scope = scope;
    const auto output = run_on(host, options);
    ASSERT_TRUE(output) << error_of(output);
    EXPECT_EQ(host.asked, std::set<Scope>{scope});
    EXPECT_THAT(output->text, HasSubstr("scope " + std::string(to_string(scope))));
  }
}

TEST(Reader, DefaultScopeSaysWhatItMeans) {
  auto host = busy_host();
  Options options;
  options.scope = Scope::kDefault;
  options.json = true;
  EXPECT_EQ(json::parse(run_on(host, options)->text)["scope"], "default (vm)");
  host.flags = kVmxEpt | kEveryScope | 1 << 5;
  const auto report = json::parse(run_on(host, options)->text);
  EXPECT_EQ(report["scope"], "default (host)");
  EXPECT_EQ(report["instance"], "0x0000000200000001");
}

TEST(Reader, RefusedScopeIsNamedAndNoCountIsAsked) {
  for (const Scope scope : {Scope::kHost, Scope::kCpu}) {
    auto host = busy_host();
    Options options;
    options.scope = scope;
    EXPECT_THAT(error_of(run_on(host, options)), HasSubstr("does not allow scope " + std::string(to_string(scope))));
    EXPECT_TRUE(host.asked.empty());
  }
}

TEST(Reader, RefusedReasonIsNotZero) {
  auto host = busy_host();
  Options options;
  options.reasons = {"35"};
  EXPECT_THAT(error_of(run_on(host, options)), HasSubstr("does not define reason unknown:35"));
  options.reasons = {"npf"};
  EXPECT_THAT(error_of(run_on(host, options)), HasSubstr("--reason npf: no reason of vmx"));
}

TEST(Reader, CyclesOnlyWhereTheyAreKept) {
  auto host = busy_host();
  Options options;
  options.cycles = options.json = true;
  EXPECT_THAT(error_of(run_on(host, options)), HasSubstr("keeps no cycles"));
  host.flags |= 1 << 4;
  host.cycles = {{10, 0x2'0000'0001}};
  const auto reasons = json::parse(run_on(host, options)->text)["reasons"];
  EXPECT_EQ(reasons[0]["cycles"], 0x2'0000'0001u);
  EXPECT_FALSE(reasons[1].contains("cycles")) << "absent is not zero";
}

TEST(Reader, SvmHasSvmNames) {
  auto host = busy_host();
  host.flags = kSvmNpt | kEveryScope;
  host.counts = {{0x400, 5}, {0xFFFF, 1}, {kReasonAll, 0}};
  Options options;
  const auto output = run_on(host, options);
  ASSERT_TRUE(output) << error_of(output);
  EXPECT_THAT(output->text, HasSubstr("svm, npt"));
  EXPECT_THAT(output->text, HasSubstr("npf"));
  EXPECT_THAT(output->text, HasSubstr("invalid_guest_state"));
}

TEST(Reader, UnpatchedHostsAreRefusedWithWhatWasFound) {
  const auto intel = run(fake::unpatched_intel, {});
  EXPECT_THAT(error_of(intel), HasSubstr("gave 0xc80 0xed8 0x64 0x0, not the signature"));
  EXPECT_EQ(error_of(intel).find('\n'), std::string::npos) << "one line";
  EXPECT_THAT(error_of(run(fake::unpatched_amd, {})), HasSubstr("gave 0x0 0x0 0x0 0x0"));
}

TEST(Reader, AnotherVersionAndBrokenFlagsAreRefused) {
  auto host = busy_host();
  host.version = 2;
  EXPECT_THAT(error_of(run_on(host, {})), HasSubstr("speaks version 2"));
  host.version = 1;
  host.flags = 0;
  EXPECT_THAT(error_of(run_on(host, {})), HasSubstr("name no vendor"));
}

TEST(Reader, AbiShowsInstancesAndTheTableOfTheHost) {
  auto host = busy_host();
  Options options;
  options.abi = true;
  const auto text = run_on(host, options)->text;
  EXPECT_THAT(text, HasSubstr("VM instance    0x0000000400000003"));
  EXPECT_THAT(text, HasSubstr("host instance  refused"));
  EXPECT_THAT(text, HasSubstr("scopes allowed default vcpu vm"));
  EXPECT_THAT(text, HasSubstr("7 defined reasons"));
  EXPECT_THAT(text, HasSubstr("EPT_VIOLATION"));
  EXPECT_TRUE(host.asked.empty()) << "no counts";
  options.json = true;
  const auto abi = json::parse(run_on(host, options)->text);
  EXPECT_TRUE(abi["instances"]["host"].is_null());
  EXPECT_EQ(abi["reasons"].size(), 7u);
}

}  // namespace
}  // namespace exitledger::guest
