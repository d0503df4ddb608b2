// SPDX-License-Identifier: MIT
#include "cli/experiment_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace exitledger::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr std::time_t kNow = 1'763'812'800;  // 2025-11-22 12:00:00 UTC

ExperimentOptions asked(std::vector<std::string> modes = {"ept", "shadow"}) {
  ExperimentOptions options;
  options.modes = std::move(modes);
  options.repeat = 2;
  options.name = "night";
  options.command = {"true"};
  return options;
}

std::string refusal(const ExperimentOptions& options) {
  const auto plan = plan_experiment(options, kNow);
  return plan ? "" : plan.error().message();
}

TEST(ExperimentPlan, NamesItsRuns) {
  const auto plan = plan_experiment(asked(), kNow);
  ASSERT_TRUE(plan) << plan.error().message();
  std::vector<std::string> names;
  for (const PlannedRun& run : plan->runs) names.push_back(plan->name_of(run));
  EXPECT_THAT(names, ElementsAre("night-ept-1", "night-shadow-1", "night-ept-2", "night-shadow-2"));
  ExperimentOptions nameless = asked();
  nameless.name.clear();
  EXPECT_EQ(plan_experiment(nameless, kNow)->name, "exp-20251122-120000");
}

TEST(ExperimentPlan, AModeTwiceIsRefused) {
  EXPECT_THAT(refusal(asked({"ept", "shadow", "ept"})), HasSubstr("--modes: ept comes twice"));
}

TEST(ExperimentPlan, ANameThatIsTooLongForItsRunsIsRefused) {
  ExperimentOptions options = asked({"shadow"});
  options.name = std::string(55, 'x');
  EXPECT_EQ(refusal(options), "");
  options.name += 'x';
  EXPECT_THAT(refusal(options), HasSubstr("xx-shadow-1, which is 65 characters, and 64 is the most"));
  options.name = "a b";
  EXPECT_THAT(refusal(options), HasSubstr("a name is 1 to 64"));
}

TEST(ExperimentPlan, AParameterThatCannotHoldInAllRunsIsRefused) {
  ExperimentOptions options = asked();
  options.parameters = {"vpid=0", "ple_gap="};
  EXPECT_THAT(plan_experiment(options, kNow)->asked, ElementsAre(Pair("ple_gap", ""), Pair("vpid", "0")));
  for (const auto& [word, why] :
       {std::pair{"ept=0", "that is the paging mode"}, std::pair{"npt=1", "that is the paging mode"},
        std::pair{"vpid", "NAME=VALUE"}, std::pair{"=1", "NAME=VALUE"}, std::pair{"vpid=1", "vpid comes twice"}}) {
    options.parameters = {"vpid=0", word};
    EXPECT_THAT(refusal(options), testing::AllOf(HasSubstr(std::string{"--parameter "} + word), HasSubstr(why)));
  }
}

TEST(ExperimentPlan, IsHeldAgainstTheModuleThatIsThere) {
  const Parameters parameters{{"ept", "Y"}, {"vpid", "Y"}};
  ExperimentOptions options = asked();
  options.parameters = {"vpid=0"};
  EXPECT_TRUE(check_on(*plan_experiment(options, kNow), Vendor::kVmx, parameters));
  EXPECT_THAT(check_on(*plan_experiment(asked({"npt"}), kNow), Vendor::kVmx, parameters).error().message(),
              HasSubstr("kvm_intel has ept and shadow"));
  options.parameters = {"vipd=0"};
  EXPECT_THAT(check_on(*plan_experiment(options, kNow), Vendor::kVmx, parameters).error().message(),
              HasSubstr("--parameter vipd=0: kvm_intel shows no parameter of that name"));
}

TEST(ExperimentPlan, ANameThatASessionHasIsRefused) {
  const auto plan = plan_experiment(asked(), kNow);
  const auto sessions = nlohmann::json::parse(R"([{"id":"1","name":""},{"id":"7","name":"night-shadow-3"}])");
  EXPECT_TRUE(check_names(*plan, sessions)) << "a run that is not planned";
  const auto taken = nlohmann::json::parse(R"([{"id":"1","name":""},{"id":"8","name":"night-shadow-2"}])");
  EXPECT_THAT(check_names(*plan, taken).error().message(),
              HasSubstr("--name night: session 8 has the name night-shadow-2 already"));
}

TEST(ExperimentPlan, AnExperimentIsNotMadeOfTwo) {
  const auto plan = plan_experiment(asked(), kNow);
  const auto sessions = nlohmann::json::parse(
      R"([{"id":"1","name":"","run":null},{"id":"8","name":"renamed","run":{"experiment":"night"}}])");
  EXPECT_THAT(check_names(*plan, sessions).error().message(), HasSubstr("session 8 is of an experiment of that name"));
}

}  // namespace
}  // namespace exitledger::cli
