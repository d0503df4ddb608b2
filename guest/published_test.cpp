// SPDX-License-Identifier: MIT
#include "published.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fake_host.h"
#include "run.h"

namespace exitledger::guest {
namespace {

using testing::HasSubstr;

constexpr Form kForms[] = {Form::kA, Form::kB, Form::kC};

fake::Published host_of(Form form) {
  fake::Published host;
  host.exits_leaf = form == Form::kB ? 0x4FFFFFFD : 0x4FFFFFFE;
  host.total_leaf = form == Form::kC ? 0x4FFFFFFC : 0x4FFFFFFF;
  return host;
}

Result<Report> read(fake::Published& host, Form form, const std::vector<Reason>& reasons = {}, bool zeros = false) {
  return read_published(fake::through(host), form, reasons, zeros);
}

std::string error_of(const Result<Report>& report) { return report ? "no error" : report.error().message(); }

void expect_good(fake::Published host, Form form) {
  const auto report = read(host, form);
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->form, to_string(form));
  EXPECT_EQ(report->scope, "host");
  EXPECT_EQ(report->total, 50000u);
  ASSERT_EQ(report->reasons.size(), 2u);
  EXPECT_EQ(report->reasons[0].reason, vmx::kCpuid);
  EXPECT_GT(report->reasons[0].exits, 1000u);
  EXPECT_EQ(report->reasons[1].exits, 5920u);
}

TEST(Published, EachFormIsReadFromItsOwnLeaves) {
  for (const Form form : kForms) expect_good(host_of(form), form);
}

TEST(Published, JunkInRegistersThatThePatchLeavesAloneIsNotBelieved) {
  auto host = host_of(Form::kA);
  host.ebx_left = 0xFFFF97E0;
  host.edx_left = 0xFFFFFFFF;
  expect_good(host, Form::kA);
  host.ebx_left = 0;
  expect_good(host, Form::kA);  // EDX alone does not say "undefined"
}

TEST(Published, UndefinedWithOneFLessIsUndefined) {
  auto host = host_of(Form::kA);
  host.edx_undefined = 0x0FFFFFFF;
  expect_good(host, Form::kA);
}

TEST(Published, ReasonZeroStandsAlsoIfItsAnswerLooksUndefined) {
  auto host = host_of(Form::kA);
  host.edx_left = 0xFFFFFFFF;
  const auto report = read(host, Form::kA, {0});
  ASSERT_TRUE(report) << error_of(report);
  EXPECT_EQ(report->reasons.at(0).exits, 0u);
}

TEST(Published, NothingBeyondTheirTablesIsAskedFor) {
  for (const Form form : kForms) {
    auto host = host_of(form);
    ASSERT_TRUE(read(host, form, {}, true));
    EXPECT_LE(*host.asked.rbegin(), 68u);
    host.asked.clear();
    EXPECT_THAT(error_of(read(host, form, {69})), HasSubstr("beyond"));
    EXPECT_FALSE(host.asked.contains(69));
  }
}

TEST(Published, ChosenReasonThatThePatchDoesNotKnowIsAnError) {
  auto host = host_of(Form::kA);
  EXPECT_THAT(error_of(read(host, Form::kA, {67})), HasSubstr("does not count reason UMWAIT"));
}

TEST(Published, WrongFormIsRefused) {
  auto b = host_of(Form::kB);
  EXPECT_THAT(error_of(read(b, Form::kA)), HasSubstr("reason 35"));
  auto a = host_of(Form::kA);
  EXPECT_THAT(error_of(read(a, Form::kB)), HasSubstr("reason 35"));
}

TEST(Published, UnpatchedHostsAreRefused) {
  for (const Form form : kForms) {
    EXPECT_THAT(error_of(read_published(fake::unpatched_intel, form, {}, false)), HasSubstr("reason 35"));
    EXPECT_THAT(error_of(read_published(fake::unpatched_amd, form, {}, false)), HasSubstr("Intel hosts only"));
  }
}

TEST(Published, PatchThatAnswersUndefinedReasonsWithZerosIsRefused) {
  auto host = host_of(Form::kA);
  host.edx_undefined = 0;
  EXPECT_THAT(error_of(read(host, Form::kA)), HasSubstr("reason 35"));
}

TEST(Published, CounterThatDoesNotSeeCpuidIsRefused) {
  auto host = host_of(Form::kA);
  host.counts_cpuid = false;
  EXPECT_THAT(error_of(read(host, Form::kA)), HasSubstr("misses CPUID"));
}

TEST(Published, CpuidCountMayWrapItsThirtyTwoBits) {
  auto host = host_of(Form::kA);
  host.cpuid_count = 0xFFFFFFFF - 3;
  EXPECT_TRUE(read(host, Form::kA));
}

TEST(Published, OurOwnAbiIsNotReadAsAPublishedForm) {
  fake::Patched host;
  EXPECT_THAT(error_of(read_published(fake::through(host), Form::kA, {}, false)), HasSubstr("leave out --form"));
}

TEST(Published, EveryReadingCarriesItsWarningAndItsForm) {
  auto host = host_of(Form::kC);
  Options options;
  options.form = Form::kC;
  options.json = true;
  const auto output = run(fake::through(host), options);
  ASSERT_TRUE(output);
  EXPECT_THAT(output->warning, HasSubstr("host-wide"));
  const auto report = nlohmann::json::parse(output->text);
  EXPECT_EQ(report["form"], "c");
  EXPECT_FALSE(report.contains("abi"));
  EXPECT_FALSE(report.contains("instance"));
  EXPECT_EQ(report["scope"], "host");
}

}  // namespace
}  // namespace exitledger::guest
