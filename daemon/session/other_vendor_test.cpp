// SPDX-License-Identifier: MIT
#include "session/other_vendor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OtherVendors : public testing::Test {
 protected:
  static ModuleState with(const std::string& other) {
    ModuleState modules;
    modules.kvm = true;
    modules.other = other;
    return modules;
  }
  std::vector<std::string> said_;
  int tried_ = 0;
  OtherVendor vendor_{[this](LogLevel, const std::string& line) { said_.push_back(line); },
                      [this]() -> Result<std::unique_ptr<PlainWitness>> {
                        ++tried_;
                        return fail("attach", "the plain tracepoint", "", EPERM);
                      }};
};

TEST_F(OtherVendors, NoneIsNoWitnessThatIsDown) {
  vendor_.follow(with(""));
  EXPECT_EQ(vendor_.up(), std::nullopt);
  EXPECT_FALSE(vendor_.sample());
  EXPECT_EQ(tried_, 0);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(OtherVendors, ThatItIsNotCountedIsSaidOnce) {
  for (int i = 0; i < 3; ++i) vendor_.follow(with("kvm_pvm"));
  EXPECT_EQ(vendor_.up(), false);
  EXPECT_EQ(vendor_.name(), "kvm_pvm");
  EXPECT_THAT(vendor_.why(), HasSubstr("the plain tracepoint"));
  EXPECT_FALSE(vendor_.sample());
  EXPECT_EQ(tried_, 1) << "not at every look";
  EXPECT_THAT(said_, ElementsAre(HasSubstr("kvm_pvm is neither VMX nor SVM")));
}

TEST_F(OtherVendors, OneThatGoesAndComesIsTriedAgain) {
  vendor_.follow(with("kvm_pvm"));
  vendor_.follow(with(""));
  EXPECT_EQ(vendor_.up(), std::nullopt);
  EXPECT_EQ(vendor_.why(), "");
  vendor_.follow(with("kvm_pvm"));
  EXPECT_EQ(tried_, 2);
}

}  // namespace
}  // namespace exitledger
