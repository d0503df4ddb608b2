// SPDX-License-Identifier: MIT
// Loads of the vendor module, wake-ups, offsets.
#include <poll.h>

#include "witness/ebpf_load_fixture.h"

namespace exitledger {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_F(EbpfLoad, ALoadOfTheVendorModuleIsABoundary) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 48, 3);
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("loop")}));
  EXPECT_THAT(witness_->boundaries_since(0), IsEmpty());
  (void)witness_->drain();
  for (std::uint64_t serial = 1; serial <= 6; ++serial) {
    ASSERT_TRUE(run_program("on_module_free", {kernel_->module("kvm_intel")}));
    ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")}));
    exit_vmx(0, 48);  // the daemon wakes late: this one is after the boundary
    const auto boundaries = witness_->boundaries_since(serial - 1);
    ASSERT_THAT(boundaries, SizeIs(1));
    const Boundary* const boundary = &boundaries.front();
    EXPECT_EQ(boundary->serial, serial);
    EXPECT_EQ(boundary->vendor, Vendor::kVmx);
    EXPECT_GT(boundary->time_ns, 0U);
    ASSERT_EQ(boundary->by_cpu.size(), witness_->possible_cpus());
    EXPECT_EQ(boundary->by_cpu[0].at[48], 2 + serial);
    EXPECT_EQ(boundary->by_cpu[0].all(), 2 + serial);
    const auto events = witness_->drain();
    ASSERT_THAT(events, SizeIs(2));
    EXPECT_EQ(events[0].kind, std::uint32_t{EL_EVENT_MODULE_UNLOADED});
    EXPECT_EQ(events[1].kind, std::uint32_t{EL_EVENT_MODULE_LOADED});
    EXPECT_EQ(events[1].id, serial);
  }
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_amd")}));
  const auto kept = witness_->boundaries_since(0);
  ASSERT_THAT(kept, SizeIs(EL_BOUNDARIES)) << "the ring holds the newest";
  EXPECT_EQ(kept.front().serial, 7 + 1 - EL_BOUNDARIES);
  EXPECT_EQ(kept.back().vendor, Vendor::kSvm);
  EXPECT_EQ(witness_->sample().losses.total(), 0U);
}

// What it walks is time that the probe's load takes, and there is an end to it: a million. A static function is walked
// once for each path that calls it, a global one (docs/decisions/0063) once.
TEST_F(EbpfLoad, TheVerifierHasFewPathsToWalk) {
  for (const bool time : {true, false}) {
    start(Vendor::kVmx, 8, time);
    const auto walked = verified_instructions();
    EXPECT_THAT(walked, testing::Contains(testing::Key(exit_program_)));
    for (const auto& [program, instructions] : walked) EXPECT_LT(instructions, 20'000U) << program;
  }
}

TEST_F(EbpfLoad, AnEventMakesTheDescriptorReadable) {
  start();
  pollfd ready{witness_->event_fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
  ASSERT_TRUE(run_program("on_module_load", {kernel_->module("kvm_intel")}));
  EXPECT_EQ(::poll(&ready, 1, 1000), 1);
  EXPECT_THAT(witness_->drain(), SizeIs(1));
  EXPECT_EQ(::poll(&ready, 1, 0), 0);
}

TEST_F(EbpfLoad, AFullEventRingIsALossOfTimeOnly) {
  start();
  const std::uint64_t module = kernel_->module("kvm_intel");
  for (unsigned n = 0; n < 1000; ++n) ASSERT_TRUE(run_program("on_module_free", {module}));
  const ProbeSample sample = witness_->sample();
  EXPECT_GT(sample.losses.cause[EL_LOSS_EVENT], 0U);
  EXPECT_EQ(witness_->drain().size() + sample.losses.cause[EL_LOSS_EVENT], 1000U);
}

TEST_F(EbpfLoad, AModuleWithoutLayoutMakesTheOffsetUnknown) {
  start();
  kernel_->make_vcpu(0, 0x1000);
  exit_vmx(0, 48);
  kernel_->write_sys_file("kernel/btf/kvm_intel", "no BTF");
  EXPECT_FALSE(witness_->refresh_layout(Vendor::kVmx));
  exit_vmx(0, 48);
  const ProbeSample sample = witness_->sample();
  EXPECT_EQ(sample.counts.at[48], 1U);
  EXPECT_EQ(sample.counts.at[EL_INDEX_UNREAD], 1U);
  EXPECT_EQ(sample.losses.cause[EL_LOSS_NO_OFFSET], 1U);
}

}  // namespace
}  // namespace exitledger
