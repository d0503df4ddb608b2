// SPDX-License-Identifier: MIT
// Sessions as the probe's view of module loads makes them: the real probe in the running kernel, on fake vCPUs.
#include "session/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "witness/ebpf_fake.h"

namespace exitledger {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::SizeIs;

class BooksOnFakeKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
    auto kernel = FakeKernel::create(Vendor::kVmx);
    ASSERT_TRUE(kernel) << kernel.error().message();
    kernel_ = std::move(*kernel);
    paging("Y");
    kernel_->make_vcpu(0, 0x1000);
    kernel_->set_vmx_reason(0, vmx::kEptViolation);
    BooksOptions options;
    options.probe = kernel_->options();
    options.read_leaf = false;
    books_ = std::make_unique<Books>(options, [this](LogLevel, const std::string& line) { log_.push_back(line); });
    books_->follow();
    ASSERT_TRUE(books_->attached()) << books_->detached_because();
    ASSERT_THAT(books_->sessions(), SizeIs(1));
  }
  void paging(const char* ept) const { kernel_->load_kvm_intel(ept); }
  static void load(std::uint64_t module) { ASSERT_TRUE(run_program("on_module_load", {module})); }
  void exits(unsigned count) {
    for (unsigned i = 0; i < count; ++i)
      ASSERT_TRUE(run_program("on_kvm_exit_tim", {kernel_->vcpu(0), std::uint64_t{EL_ISA_VMX}}));
  }
  std::vector<Session> followed() {
    books_->follow();
    static_cast<void>(books_->sample());
    return books_->sessions();
  }

  std::unique_ptr<FakeKernel> kernel_;
  std::unique_ptr<Books> books_;
  std::vector<std::string> log_;
};

TEST_F(BooksOnFakeKernel, AReloadPartsTheExitsAtTheLoadHoweverLateItIsNoticed) {
  exits(3);
  load(kernel_->module("kvm_intel"));
  paging("N");
  exits(2);
  const auto sessions = followed();
  ASSERT_THAT(sessions, SizeIs(2));
  EXPECT_EQ(sessions[0].paging, Paging::kEpt);
  EXPECT_EQ(sessions[0].ebpf.all(), 3U);
  EXPECT_FALSE(sessions[0].running());
  EXPECT_EQ(sessions[1].paging, Paging::kShadow);
  EXPECT_EQ(sessions[1].ebpf.all(), 2U);
  EXPECT_TRUE(sessions[1].began_at_load);
  const auto totals = books_->totals(books_->sample());
  EXPECT_EQ(totals.at(Paging::kEpt).ebpf.all(), 3U) << "each exit once, under its own paging mode";
  EXPECT_EQ(totals.at(Paging::kShadow).ebpf.all(), 2U);
}

TEST_F(BooksOnFakeKernel, AModuleThatIsBeingLoadedIsLookedForAtOnce) {
  EXPECT_EQ(books_->patience(), std::chrono::seconds{1});
  const auto state = [&](const char* is) { kernel_->write_sys_file("module/kvm_intel/initstate", is); };
  state("going\n");
  ::usleep(1'100'000);  // the next look
  EXPECT_FALSE(followed().back().running());
  EXPECT_EQ(books_->patience(), std::chrono::seconds{1}) << "nothing is on its way";
  load(kernel_->module("kvm_intel"));  // the tracepoint comes before the module is in service
  EXPECT_THAT(followed(), SizeIs(1));
  EXPECT_LT(books_->patience(), std::chrono::milliseconds{50});
  state("coming\n");
  EXPECT_THAT(followed(), SizeIs(1));
  state("live\n");
  EXPECT_THAT(followed(), SizeIs(2));
  EXPECT_EQ(books_->patience(), std::chrono::seconds{1});
}

TEST_F(BooksOnFakeKernel, AReloadPartsTheLossesToo) {
  const auto lose = [] { ASSERT_TRUE(run_program("on_kvm_exit_tim", {0x10, std::uint64_t{EL_ISA_VMX}})); };
  lose();
  load(kernel_->module("kvm_intel"));
  lose();
  lose();
  const auto sessions = followed();
  ASSERT_THAT(sessions, SizeIs(2));
  EXPECT_EQ(sessions[0].losses.cause[EL_LOSS_READ_FAILED], 1U);
  EXPECT_EQ(sessions[1].losses.cause[EL_LOSS_READ_FAILED], 2U);
}

TEST_F(BooksOnFakeKernel, AnotherVendorsModuleEndsNothing) {
  exits(3);
  load(kernel_->module("kvm_amd"));
  exits(1);
  const auto sessions = followed();
  ASSERT_THAT(sessions, SizeIs(1));
  EXPECT_TRUE(sessions[0].running());
  EXPECT_EQ(sessions[0].ebpf.all(), 4U);
}

TEST_F(BooksOnFakeKernel, ALoadThatCameAndWentUnseenBelongsToNoSession) {
  exits(1);
  load(kernel_->module("kvm_intel"));
  exits(4);
  load(kernel_->module("kvm_intel"));
  exits(2);
  const auto sessions = followed();
  ASSERT_THAT(sessions, SizeIs(2));
  EXPECT_EQ(sessions[0].ebpf.all(), 1U);
  EXPECT_EQ(sessions[1].ebpf.all(), 2U);
  EXPECT_THAT(log_, Contains(HasSubstr("1 load of kvm_intel came and went")));
}

TEST_F(BooksOnFakeKernel, AnEndThatWasOverwrittenIsSaid) {
  exits(1);
  for (unsigned i = 0; i <= EL_BOUNDARIES; ++i) load(kernel_->module("kvm_intel"));
  const auto sessions = followed();
  ASSERT_THAT(sessions, SizeIs(2));
  EXPECT_EQ(sessions[0].verdict, Verdict::kCannotTell);
  EXPECT_THAT(sessions[0].why, HasSubstr("its end was not seen"));
}

TEST_F(BooksOnFakeKernel, AnUnloadEndsTheSession) {
  exits(3);
  kernel_->write_sys_file("module/kvm_intel/initstate", "going\n");
  const auto judged = books_->judge(1);  // looks at sysfs at once
  ASSERT_FALSE(judged);
  EXPECT_THAT(judged.error().message(), HasSubstr("no KVM vendor module is loaded"));
  const auto sessions = books_->sessions();
  ASSERT_THAT(sessions, SizeIs(1));
  EXPECT_FALSE(sessions[0].running());
  EXPECT_EQ(sessions[0].ebpf.all(), 3U);
}

TEST_F(BooksOnFakeKernel, ReadingsThatAreHeldAreRefused) {
  books_->hold(std::chrono::seconds{60});
  const auto judged = books_->judge(1);
  ASSERT_FALSE(judged);
  EXPECT_THAT(judged.error().message(), HasSubstr("readings are held for 60 s more"));
  books_->hold(std::chrono::seconds{0});
  EXPECT_TRUE(books_->judge(1));
}

TEST_F(BooksOnFakeKernel, KeepsTheLastSessions) {
  for (std::size_t i = 0; i < Books::kSessionsKept + 3; ++i) {
    load(kernel_->module("kvm_intel"));
    books_->follow();
  }
  const auto sessions = books_->sessions();
  ASSERT_THAT(sessions, SizeIs(Books::kSessionsKept + 1));
  EXPECT_EQ(sessions.back().id, std::to_string(Books::kSessionsKept + 4));
}

TEST_F(BooksOnFakeKernel, ARecordingIsCutOutOfTheRunningSession) {
  exits(3);
  const auto begun =
      books_->begin_recording({.command = "true", .experiment = "", .mode = "", .status = {}}, "night", 0);
  ASSERT_TRUE(begun) << begun.error().message();
  EXPECT_EQ(begun->id, "2");
  EXPECT_FALSE(books_->begin_recording({}, "again", 0));
  exits(5);
  const auto ended = books_->end_recording("2", 7);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_FALSE(ended->run->cut_short);
  exits(1);
  const auto sessions = followed();
  ASSERT_THAT(sessions, SizeIs(3));
  EXPECT_EQ(sessions[0].ebpf.all(), 3U);
  EXPECT_EQ(sessions[1].ebpf.all(), 5U);
  EXPECT_EQ(sessions[1].name, "night");
  EXPECT_EQ(sessions[1].run->status, 7);
  EXPECT_EQ(sessions[2].ebpf.all(), 1U);
  EXPECT_FALSE(sessions[2].run) << "what comes after a recording is not recorded";
  EXPECT_FALSE(books_->end_recording("2", 7)->run->cut_short) << "asked again";
  EXPECT_FALSE(books_->end_recording("9", 0));
}

TEST_F(BooksOnFakeKernel, AFreshLoadsSessionBecomesTheRecording) {
  load(kernel_->module("kvm_intel"));
  const auto begun = books_->begin_recording({}, "first", 0);
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->id, "2");
  EXPECT_TRUE(begun->began_at_load);
  exits(2);
  ASSERT_TRUE(books_->end_recording("2", 0));
  EXPECT_EQ(followed().at(1).ebpf.all(), 2U);
}

TEST_F(BooksOnFakeKernel, AReloadEndsARecordingAndSaysSo) {
  ASSERT_TRUE(books_->begin_recording({}, "r", 0));
  exits(2);
  load(kernel_->module("kvm_intel"));
  exits(1);
  const auto ended = books_->end_recording("2", 0);
  ASSERT_TRUE(ended) << ended.error().message();
  EXPECT_TRUE(ended->run->cut_short);
  EXPECT_EQ(ended->run->status, 0);
  EXPECT_TRUE(books_->end_recording("2", 0)->run->cut_short) << "said once, true for ever";
  EXPECT_EQ(ended->ebpf.all(), 2U);
  ASSERT_TRUE(books_->begin_recording({}, "next", 0)) << "it is over";
}

TEST_F(BooksOnFakeKernel, ARecordingEndsWithWhoRecords) {
  const pid_t recorder = fork();
  if (recorder == 0) pause();
  ASSERT_TRUE(books_->begin_recording({}, "r", static_cast<std::uint32_t>(recorder)));
  exits(2);
  EXPECT_THAT(followed(), SizeIs(2));
  kill(recorder, SIGKILL);
  ASSERT_EQ(waitpid(recorder, nullptr, 0), recorder);
  const auto sessions = followed();
  ASSERT_THAT(sessions, SizeIs(3));
  EXPECT_EQ(sessions[1].ebpf.all(), 2U);
  EXPECT_FALSE(sessions[1].running());
  EXPECT_FALSE(sessions[1].run->status);
}

}  // namespace
}  // namespace exitledger
