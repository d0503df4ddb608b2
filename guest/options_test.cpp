// SPDX-License-Identifier: MIT
#include "options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace exitledger::guest {
namespace {

using testing::HasSubstr;

Result<Options> parsed(const std::vector<const char*>& arguments) {
  std::vector<const char*> argv = {"exitledger-guest"};
  argv.reserve(arguments.size() + 1);
  for (const char* argument : arguments) argv.push_back(argument);
  return parse(static_cast<int>(argv.size()), argv.data());
}

TEST(Options, WithoutAnyTheScopeIsTheVm) {
  const auto options = parsed({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->scope, leaf::Scope::kVm);
  EXPECT_TRUE(options->reasons.empty());
  EXPECT_FALSE(options->cpu || options->form || options->json || options->cycles || options->zeros || options->abi);
  EXPECT_TRUE(options->print_and_exit.empty());
}

TEST(Options, ReasonsRepeatAndKeepTheirText) {
  const auto options = parsed({"--reason", "CPUID", "--reason", "0x30", "--scope", "cpu", "--cpu", "3", "--json"});
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->reasons, (std::vector<std::string>{"CPUID", "0x30"}));
  EXPECT_EQ(options->scope, leaf::Scope::kCpu);
  EXPECT_EQ(options->cpu, 3u);
  EXPECT_TRUE(options->json);
}

TEST(Options, HelpAndVersionAreTextAndNoError) {
  EXPECT_THAT(parsed({"--help"})->print_and_exit, HasSubstr("--scope"));
  EXPECT_THAT(parsed({"--version"})->print_and_exit, testing::StartsWith("exitledger-guest "));
}

TEST(Options, BadOnesAreOneLine) {
  const std::vector<std::vector<const char*>> bad = {{"--scope", "world"},
                                                     {"--form", "d"},
                                                     {"--cpu", "-1"},
                                                     {"--cpu", "x"},
                                                     {"--form", "a", "--scope", "vm"},
                                                     {"--form", "a", "--cycles"},
                                                     {"--form", "b", "--abi"},
                                                     {"--abi", "--all"},
                                                     {"--nonsense"},
                                                     {"positional"},
                                                     {"--reason"}};
  for (const auto& arguments : bad) {
    const auto options = parsed(arguments);
    ASSERT_FALSE(options) << arguments.front();
    EXPECT_EQ(options.error().message().find('\n'), std::string::npos) << options.error().message();
  }
}

}  // namespace
}  // namespace exitledger::guest
