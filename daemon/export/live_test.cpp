// SPDX-License-Identifier: MIT
// The live books as the real probe in the running kernel makes them, on fake vCPUs.
#include "export/live.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "export/live_json.h"
#include "witness/ebpf_fake.h"

namespace exitledger {
namespace {

using testing::SizeIs;

class LiveBooks : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
    auto kernel = FakeKernel::create(Vendor::kVmx);
    ASSERT_TRUE(kernel) << kernel.error().message();
    kernel_ = std::move(*kernel);
    kernel_->load_kvm_intel("Y");
    kernel_->make_vcpu(0, 0x1000, 0);
    kernel_->make_vcpu(1, 0x1000, 1);
    kernel_->make_vcpu(2, 0x2000, 0);
    BooksOptions options;
    options.probe = kernel_->options();
    options.read_leaf = false;
    books_ = std::make_unique<Books>(options, Log{});
    books_->follow();
    ASSERT_TRUE(books_->attached()) << books_->detached_because();
  }
  void exits(unsigned vcpu, std::uint32_t reason, unsigned count) {
    kernel_->set_vmx_reason(vcpu, reason);
    for (unsigned i = 0; i < count; ++i)
      ASSERT_TRUE(run_program("on_kvm_exit_tim", {kernel_->vcpu(vcpu), std::uint64_t{EL_ISA_VMX}}));
  }

  std::unique_ptr<FakeKernel> kernel_;
  std::unique_ptr<Books> books_;
};

// The exits are this process's, which makes its VMs the daemon's own: none is listed.
TEST_F(LiveBooks, HaveEveryReasonOnceAndAllUndefinedCodesTogether) {
  exits(0, vmx::kCpuid, 3);
  exits(1, vmx::kHlt, 2);
  exits(2, 97, 1);
  exits(2, 60000, 1);
  const LiveSample live = live_sample(*books_);
  ASSERT_TRUE(live.session);
  EXPECT_EQ(live.session->paging, Paging::kEpt);
  EXPECT_EQ(live.session->verdict, Verdict::kCannotTell);
  EXPECT_FALSE(live.session->read_ns) << "no reading of the leaf was made, and none for this";
  ASSERT_THAT(live.reasons, SizeIs(3));
  EXPECT_EQ(live.reasons[0].name, "CPUID");
  EXPECT_EQ(live.reasons[0].ebpf, 3U);
  EXPECT_EQ(live.reasons[1].number, vmx::kHlt);
  EXPECT_EQ(live.reasons[2].name, "UNKNOWN");
  EXPECT_EQ(live.reasons[2].ebpf, 2U);
  EXPECT_FALSE(live.reasons[0].reading);
  EXPECT_THAT(live.vms, SizeIs(0));
  EXPECT_LE(live.time_ns, monotonic_now_ns());
}

TEST_F(LiveBooks, CountWhatCouldNotBeRead) {
  exits(0, vmx::kCpuid, 1);
  ASSERT_TRUE(run_program("on_kvm_exit_tim", {0x10, std::uint64_t{EL_ISA_VMX}}));
  const LiveSample live = live_sample(*books_);
  ASSERT_THAT(live.reasons, SizeIs(2));
  EXPECT_EQ(live.reasons[1].name, kUnread);
  EXPECT_EQ(live.reasons[1].ebpf, 1U);
  EXPECT_EQ(live.session->lost, 1U);
}

TEST_F(LiveBooks, HaveTimeOfThoseThatWereEnteredFromAgain) {
  exits(0, vmx::kCpuid, 1);
  ASSERT_TRUE(run_program("on_kvm_entry", {kernel_->vcpu(0)}));
  EXPECT_FALSE(live_sample(*books_).reasons.at(0).time) << "the next exit books it";
  exits(0, vmx::kHlt, 1);
  const auto time = live_sample(*books_).reasons.at(0).time;
  ASSERT_TRUE(time);
  EXPECT_EQ(time->exits, 1U);
  EXPECT_GT(time->sum_ns, 0U);
}

TEST_F(LiveBooks, WithoutAVendorModuleThereIsNoSession) {
  kernel_->write_sys_file("module/kvm_intel/initstate", "going\n");
  ASSERT_FALSE(books_->judge(1));  // looks at sysfs at once
  const LiveSample live = live_sample(*books_);
  EXPECT_FALSE(live.session);
  EXPECT_TRUE(live_from_json(live_json(live)));
}

}  // namespace
}  // namespace exitledger
