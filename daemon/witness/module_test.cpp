// SPDX-License-Identifier: MIT
#include "witness/module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "witness/temp_tree.h"

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(Modules, IntelWithEpt) {
  const TempTree sys;
  sys.write("module/kvm/parameters/exit_leaf", "vm\n");
  sys.write("module/kvm_intel/initstate", "live\n");
  sys.write("module/kvm_intel/parameters/ept", "Y\n");
  sys.write("module/kvm_intel/parameters/unrestricted_guest", "Y\n");
  const auto state = read_modules(sys.path());
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_TRUE(state->kvm);
  EXPECT_EQ(state->vendor, Vendor::kVmx);
  EXPECT_EQ(state->paging, Paging::kEpt);
  EXPECT_THAT(state->parameters, ElementsAre(Pair("kvm.exit_leaf", "vm"), Pair("kvm_intel.ept", "Y"),
                                             Pair("kvm_intel.unrestricted_guest", "Y")));
}

TEST(Modules, PagingFollowsTheParameter) {
  struct Case {
    std::string module, parameter, value;
    Paging paging;
  };
  for (const Case& c : {Case{"kvm_intel", "ept", "N", Paging::kShadow}, Case{"kvm_intel", "ept", "Y", Paging::kEpt},
                        Case{"kvm_amd", "npt", "Y", Paging::kNpt}, Case{"kvm_amd", "npt", "1", Paging::kNpt},
                        Case{"kvm_amd", "npt", "0", Paging::kShadow}}) {
    const TempTree sys;
    sys.write("module/" + c.module + "/initstate", "live\n");
    sys.write("module/" + c.module + "/parameters/" + c.parameter, c.value + "\n");
    const auto state = read_modules(sys.path());
    ASSERT_TRUE(state) << state.error().message();
    EXPECT_EQ(state->paging, c.paging) << c.module << " " << c.value;
  }
}

TEST(Modules, BetweenTwoLoadsThereIsNoVendor) {
  const TempTree sys;
  sys.write("module/kvm/parameters/halt_poll_ns", "200000\n");
  const auto state = read_modules(sys.path());
  ASSERT_TRUE(state);
  EXPECT_TRUE(state->kvm);
  EXPECT_EQ(state->vendor, std::nullopt);
  EXPECT_EQ(state->paging, std::nullopt);
}

TEST(Modules, ComingAndGoingIsNotInService) {
  for (const std::string text : {"coming\n", "going\n"}) {
    const TempTree sys;
    sys.write("module/kvm_intel/initstate", text);
    sys.write("module/kvm_intel/parameters/ept", "Y\n");
    const auto state = read_modules(sys.path());
    ASSERT_TRUE(state);
    EXPECT_EQ(state->vendor, std::nullopt) << text;
  }
}

TEST(Modules, BuiltInModuleCountsOnlyWithTheDevice) {
  const TempTree sys;
  sys.write("module/kvm_intel/parameters/ept", "Y\n");
  EXPECT_EQ(read_modules(sys.path())->vendor, std::nullopt);
  sys.write("class/misc/kvm/dev", "10:232\n");
  EXPECT_EQ(read_modules(sys.path())->vendor, Vendor::kVmx);
}

TEST(Modules, AnotherVendorsModuleIsNamed) {
  const TempTree sys;
  sys.write("module/kvm/parameters/halt_poll_ns", "200000\n");
  sys.write("module/kvm_pvm/initstate", "live\n");
  sys.write("module/kvm_later/initstate", "coming\n");
  EXPECT_EQ(read_modules(sys.path())->other, "kvm_pvm");
  sys.write("module/kvm_amd/initstate", "live\n");
  EXPECT_EQ(read_modules(sys.path())->other, "") << "a known one is in service";
  sys.write("module/kvm_amd/initstate", "going\n");
  sys.write("module/kvm_pvm/initstate", "going\n");
  EXPECT_EQ(read_modules(sys.path())->other, "");
}

TEST(Modules, OneThatIsBuiltInCannotBeReloaded) {
  const TempTree sys;
  sys.write("module/kvm_intel/parameters/ept", "Y\n");
  EXPECT_FALSE(is_loadable(sys.path(), Vendor::kVmx));
  sys.write("module/kvm_intel/initstate", "live\n");
  EXPECT_TRUE(is_loadable(sys.path(), Vendor::kVmx));
}

TEST(Modules, SilenceOnPagingIsNotShadow) {
  const TempTree sys;
  sys.write("module/kvm_intel/initstate", "live\n");
  const auto state = read_modules(sys.path());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->vendor, Vendor::kVmx);
  EXPECT_EQ(state->paging, std::nullopt);
}

TEST(Modules, OddParameterIsAnError) {
  const TempTree sys;
  sys.write("module/kvm_intel/initstate", "live\n");
  sys.write("module/kvm_intel/parameters/ept", "maybe\n");
  const auto state = read_modules(sys.path());
  ASSERT_FALSE(state);
  EXPECT_THAT(state.error().message(), HasSubstr("kvm_intel/parameters/ept: neither Y nor N: maybe"));
}

TEST(Modules, NoSysfsIsAnError) {
  const TempTree sys;
  const auto state = read_modules(sys.path());
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().object, (sys.path() / "module").string());
}

TEST(Modules, AModuleIsHeldUnlessTheKernelSaysOtherwise) {
  const TempTree sys;
  EXPECT_TRUE(is_held(sys.path(), Vendor::kSvm));
  sys.write("module/kvm_amd/refcnt", "0\n");
  EXPECT_FALSE(is_held(sys.path(), Vendor::kSvm));
  EXPECT_TRUE(is_held(sys.path(), Vendor::kVmx));
  sys.write("module/kvm_amd/refcnt", "10\n");
  EXPECT_TRUE(is_held(sys.path(), Vendor::kSvm));
}

}  // namespace
}  // namespace exitledger
