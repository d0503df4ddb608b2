// SPDX-License-Identifier: MIT
#include "experiment/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

/// kvm_intel as modprobe loads it on a processor with the L1 terminal fault: ept=0 takes others with it, and one of
/// those in a spelling that cannot be handed back.
class IntelModule {
 public:
  explicit IntelModule(Parameters configuration = {}) : configuration_(std::move(configuration)) {}

  Result<Parameters> load(const Parameters& asked) {
    loads.push_back(asked);
    Parameters wanted = asked;
    wanted.insert(configuration_.begin(), configuration_.end());
    now = {{"ept", "Y"}, {"pml", "Y"}, {"vpid", "Y"}, {"ple_gap", "128"}, {"vmentry_l1d_flush", "cond"}};
    for (const auto& [name, value] : wanted) {
      if (name == "vmentry_l1d_flush" && value != "cond" && value != "always" && value != "never") {
        now.clear();  // it is not loaded
        return fail("load", "modprobe kvm_intel " + name + "=" + value, "status 1");
      }
      if (now.contains(name)) now[name] = value == "1" ? "Y" : value == "0" ? "N" : value;
    }
    if (now["ept"] == "N") {
      now["pml"] = "N";
      now["vmentry_l1d_flush"] = "EPT disabled";
    }
    return now;
  }
  Reload reload() {
    return [this](const Parameters& asked) { return load(asked); };
  }

  Parameters now;
  std::vector<Parameters> loads;

 private:
  Parameters configuration_;
};

Parameters loaded_by_hand(const Parameters& parameters, const Parameters& configuration = {}) {
  return IntelModule{configuration}.load(parameters).value();
}

TEST(Parameters, AreSpelledAsSysDoes) {
  const Parameters actual{{"ept", "Y"}, {"vpid", "N"}, {"ple_gap", "128"}};
  EXPECT_THAT(different({{"ept", "1"}, {"vpid", "0"}, {"ple_gap", "128"}}, actual), IsEmpty());
  EXPECT_THAT(different({{"ept", "0"}, {"nested", "Y"}}, actual), ElementsAre(Pair("ept", "0"), Pair("nested", "Y")));
}

TEST(Parameters, AnySpellingThatTheKernelTakes) {
  const Parameters actual{{"ept", "Y"}, {"vpid", "N"}, {"ple_gap", "128"}, {"vmentry_l1d_flush", "cond"}};
  EXPECT_THAT(different({{"ept", "on"}, {"vpid", "n"}, {"ple_gap", "0x80"}}, actual), IsEmpty());
  EXPECT_THAT(different({{"ple_gap", "0x81"}, {"vmentry_l1d_flush", "never"}}, actual), SizeIs(2));
}

TEST(Parameters, OneThatDidNotTakeIsNamed) {
  const Parameters actual{{"ept", "Y"}, {"vpid", "N"}};
  EXPECT_TRUE(took({{"ept", "1"}}, actual));
  EXPECT_THAT(took({{"ept", "0"}}, actual).error().message(), HasSubstr("ept=0 did not take: it is Y"));
  EXPECT_THAT(took({{"foo", "1"}}, actual).error().message(), HasSubstr("it has no parameter foo"));
}

TEST(SetByHand, IsWhatTheConfigurationDoesNotGive) {
  IntelModule module{{{"ple_gap", "64"}}};
  const auto found = set_by_hand(loaded_by_hand({{"vpid", "0"}, {"ple_gap", "64"}}), "ept", module.reload());
  ASSERT_TRUE(found);
  EXPECT_THAT(found->paging, IsEmpty());
  EXPECT_THAT(found->others, ElementsAre(Pair("vpid", "N")));
}

TEST(SetByHand, IsNotWhatThePagingModeTakesWithIt) {
  IntelModule module;
  const auto found = set_by_hand(loaded_by_hand({{"ept", "0"}, {"vpid", "0"}}), "ept", module.reload());
  ASSERT_TRUE(found);
  EXPECT_THAT(found->paging, ElementsAre(Pair("ept", "N")));
  EXPECT_THAT(found->others, ElementsAre(Pair("vpid", "N"))) << "neither pml nor vmentry_l1d_flush";
}

TEST(Restore, BringsBackWhateverWasThere) {
  for (const Parameters& by_hand : std::vector<Parameters>{{},
                                                           {{"ept", "0"}},
                                                           {{"vpid", "0"}},
                                                           {{"ept", "0"}, {"vpid", "0"}, {"ple_gap", "0"}},
                                                           {{"ept", "1"}, {"pml", "0"}},
                                                           {{"vmentry_l1d_flush", "always"}}})
    for (const Parameters& configuration : std::vector<Parameters>{{}, {{"ept", "0"}}, {{"vpid", "0"}}}) {
      const Parameters original = loaded_by_hand(by_hand, configuration);
      IntelModule module{configuration};
      const auto restored = restore(original, "ept", module.reload());
      EXPECT_TRUE(restored) << restored.error().message();
      EXPECT_EQ(module.now, original);
      EXPECT_LE(module.loads.size(), 3U);
    }
}

TEST(Restore, LoadsOnceWhatTheConfigurationGives) {
  IntelModule module;
  ASSERT_TRUE(restore(loaded_by_hand({}), "ept", module.reload()));
  EXPECT_THAT(module.loads, ElementsAre(Parameters{}));
}

TEST(Restore, SaysWhatIsNotAsItWas) {
  IntelModule module;
  Parameters original = loaded_by_hand({});
  original["gone"] = "3";
  EXPECT_THAT(restore(original, "ept", module.reload()).error().message(), HasSubstr("it has no parameter gone"));
  EXPECT_EQ(
      restore(original, "ept",
              [](const Parameters&) -> Result<Parameters> { return fail("unload", "kvm_intel", "held by VM 'db'"); })
          .error()
          .detail,
      "held by VM 'db'");
}

}  // namespace
}  // namespace exitledger
