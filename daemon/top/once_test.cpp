// SPDX-License-Identifier: MIT
#include "top/once.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "top/samples_for_tests.h"

namespace exitledger::top {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

TEST(Once, TextHasReasonsAndVms) {
  const std::string text = once_text(second(1));
  EXPECT_THAT(text, StartsWith("exitledger top  session 3 \"nightly\"  kvm_intel, ept paging\n"));
  EXPECT_THAT(text, HasSubstr("    12 HLT  "));
  EXPECT_THAT(text, HasSubstr("     1 web-1  "));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(Once, JsonHasBothSamplesTotals) {
  const auto json = once_json(second(1));
  EXPECT_EQ(json.at("interval_ns"), 1'000'000'000);
  const auto& hlt = json.at("reasons").at(2);
  EXPECT_EQ(hlt.at("name"), "HLT");
  EXPECT_EQ(hlt.at("before"), 5000);
  EXPECT_EQ(hlt.at("exits"), 5200);
  EXPECT_EQ(hlt.at("new"), 200);
  EXPECT_EQ(hlt.at("per_second"), 200.0);
  EXPECT_EQ(hlt.at("time_out_ns"), 400'000'000);
  EXPECT_EQ(hlt.at("reading").at("residual"), 3);
  EXPECT_TRUE(json.at("reasons").at(3).at("reading").is_null());
  const auto& web = json.at("vms").at(0);
  EXPECT_EQ(web.at("name"), "web-1");
  ASSERT_THAT(web.at("each"), SizeIs(2));
  EXPECT_EQ(web.at("each").at(0).at("exits").get<int>() + web.at("each").at(1).at("exits").get<int>(), web.at("exits"));
  EXPECT_EQ(web.at("each").at(1).at("reasons").at(0).at("name"), "CPUID");
}

TEST(Once, WithoutAnIntervalThereAreNoRates) {
  const auto json = once_json({nullptr, shared(moment(1))});
  EXPECT_TRUE(json.at("interval_ns").is_null());
  EXPECT_TRUE(json.at("reasons").at(0).at("per_second").is_null());
  EXPECT_TRUE(json.at("reasons").at(0).at("before").is_null());
  EXPECT_TRUE(once_json({nullptr, shared(LiveSample{})}).at("session").is_null());
}

}  // namespace
}  // namespace exitledger::top
