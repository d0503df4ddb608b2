// SPDX-License-Identifier: MIT
// The program on the plain tracepoint in the running kernel, on a tracepoint that any kernel fires: the number of a
// system call for the reason, its first argument for the instruction set. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

#include "exit_index.h"
#include "plain_key.h"
#include "witness/plain_exits.h"
#include "witness/tracepoint_format.h"

namespace exitledger {
namespace {

using testing::Contains;
using testing::HasSubstr;

// No system call of anybody else's has it for its first argument.
constexpr long kIsa = 0x5EED1ED6;

class PlainLoad : public testing::Test {
 protected:
  // In a mount namespace of this process alone, for the rest of its life.
  static void SetUpTestSuite() {
    if (std::filesystem::exists(tracefs() / "events") || ::unshare(CLONE_NEWNS) != 0) return;
    (void)::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    (void)::mount("none", "/sys/kernel/tracing", "tracefs", 0, nullptr);
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
    auto witness = PlainWitness::attach({"raw_syscalls", "sys_enter", "args", "id"});
    ASSERT_TRUE(witness) << witness.error().message();
    witness_ = std::move(*witness);
  }
  PlainSample sample() {
    auto sample = witness_->sample();
    EXPECT_TRUE(sample) << sample.error().message();
    return sample.value_or(PlainSample{});
  }
  std::unique_ptr<PlainWitness> witness_;
};

TEST_F(PlainLoad, CountsByInstructionSetAndReason) {
  for (int i = 0; i < 5; ++i) (void)::syscall(SYS_getppid, kIsa);
  for (int i = 0; i < 3; ++i) (void)::syscall(SYS_getuid, kIsa);
  const PlainSample found = sample();
  EXPECT_THAT(found.exits, Contains(PlainExits{static_cast<std::uint32_t>(kIsa), SYS_getppid, 5}));
  EXPECT_THAT(found.exits, Contains(PlainExits{static_cast<std::uint32_t>(kIsa), SYS_getuid, 3}));
  for (const PlainExits& row : found.exits) EXPECT_TRUE(row.isa != EL_ISA_VMX && row.isa != EL_ISA_SVM);
}

TEST_F(PlainLoad, ThoseOfKnownVendorsAreTheProbes) {
  constexpr long kUnusedCall = 9999;
  (void)::syscall(kUnusedCall, EL_ISA_VMX);
  (void)::syscall(kUnusedCall, EL_ISA_SVM);
  (void)::syscall(kUnusedCall, kIsa);
  std::uint64_t count = 0;
  for (const PlainExits& row : sample().exits)
    if (row.reason == kUnusedCall) count += row.count;
  EXPECT_EQ(count, 1U);
}

TEST_F(PlainLoad, KindsWithoutARowAreCountedTogether) {
  constexpr unsigned kKinds = 2 * EL_PLAIN_ROWS;
  const std::uint64_t before = sample().other;
  for (unsigned i = 0; i < kKinds; ++i) (void)::syscall(SYS_getppid, kIsa + 1 + static_cast<long>(i));
  const PlainSample found = sample();
  EXPECT_LE(found.exits.size(), EL_PLAIN_ROWS);
  EXPECT_GE(found.other - before, kKinds - EL_PLAIN_ROWS);
}

TEST_F(PlainLoad, WhatIsNotThereIsNamed) {
  EXPECT_THAT(PlainWitness::attach({"raw_syscalls", "sys_enter", "isa", "id"}).error().message(),
              HasSubstr("field isa"));
  EXPECT_THAT(PlainWitness::attach({"kvm", "no_such_tracepoint"}).error().message(), HasSubstr("no_such_tracepoint"));
}

}  // namespace
}  // namespace exitledger
