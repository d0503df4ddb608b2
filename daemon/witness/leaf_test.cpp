// SPDX-License-Identifier: MIT
// What can be shown without a patched KVM; lab/tests/ shows the rest.
#include "witness/leaf.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>

namespace exitledger {
namespace {

const LeafOptions kAbsent{.device = "/nonexistent/kvm"};

AskLeaf through(const LeafOptions& options) {
  return [options](std::span<const LeafQuery> queries) { return ask_leaf(options, queries, std::nullopt); };
}

TEST(Leaf, NoDeviceIsNoKvmForTheQuestionAndAnErrorForAReading) {
  EXPECT_EQ(leaf_support(kAbsent), LeafSupport::kNoKvm);
  const LeafQuery query{leaf::kInfo, 0};
  const auto answers = ask_leaf(kAbsent, {&query, 1}, std::nullopt);
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().message(), "open /nonexistent/kvm: No such file or directory");
  EXPECT_FALSE(leaf_host(through(kAbsent)));
}

TEST(Leaf, AnotherDeviceIsAnErrorNotAnAbsentKvm) {
  const auto support = leaf_support({.device = "/dev/null"});
  ASSERT_FALSE(support);
  EXPECT_EQ(support.error().code, ENOTTY);
}

TEST(Leaf, NoQueryNeedsNoKvm) {
  const auto answers = ask_leaf(kAbsent, {}, std::nullopt);
  ASSERT_TRUE(answers);
  EXPECT_TRUE(answers->empty());
}

TEST(Leaf, CpuThatDoesNotExistIsNamed) {
  const LeafQuery query{leaf::kInfo, 0};
  const auto answers = ask_leaf(kAbsent, {&query, 1}, 1'000'000);
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().object, "CPU 1000000");
}

TEST(Leaf, AffinityIsRestoredAlsoAfterAnError) {
  cpu_set_t before;
  cpu_set_t after;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  const LeafQuery query{leaf::kInfo, 0};
  EXPECT_FALSE(ask_leaf(kAbsent, {&query, 1}, static_cast<unsigned>(::sched_getcpu())));
  ASSERT_EQ(::sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

/// A patched host of VMX and EPT whose table has two entries.
Result<std::vector<LeafAnswer>> patched_host(std::span<const LeafQuery> queries) {
  std::vector<LeafAnswer> answers;
  for (const auto& query : queries) {
    leaf::Registers r;
    if (query.ecx == 0) r = {1, leaf::kSignatureEbx, leaf::kSignatureEcx, leaf::kSignatureEdx};
    if (query.ecx == 1) r = {0x1F05, 2, 0, 0};
    if (query.ecx == leaf::ecx_of(leaf::Scope::kHost, 2)) r = {5, 6, 0, 0};
    if (query.ecx == 0x101) r = {48, 0, 0, 0};
    answers.push_back({query, r});
  }
  return answers;
}

TEST(Leaf, HostIsAskedForItsIdentityThenForAsManyReasonsAsItHas) {
  const auto host = leaf_host(patched_host);
  ASSERT_TRUE(host) << host.error().message();
  EXPECT_EQ(host->epoch, 0x600000005u);
  EXPECT_EQ(host->reasons, (std::vector<std::uint16_t>{0, 48}));
}

TEST(Leaf, UnpatchedKvmIsRefusedByName) {
  const LeafOptions real;
  const auto support = leaf_support(real);
  if (!support) GTEST_SKIP() << "needs KVM: " << support.error().message();
  if (*support == LeafSupport::kNoKvm) GTEST_SKIP() << "needs KVM: no /dev/kvm";
  if (*support == LeafSupport::kPatched) GTEST_SKIP() << "needs an unpatched KVM";
  const auto host = leaf_host(through(real));
  ASSERT_FALSE(host);
  EXPECT_NE(host.error().message().find("not patched"), std::string::npos) << host.error().message();
}

}  // namespace
}  // namespace exitledger
