// SPDX-License-Identifier: MIT
// The drill-down's program in the running kernel, run by BPF_PROG_TEST_RUN on fake vCPUs (ebpf_fake.h): every count is
// known. Needs root.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "witness/btf_layout.h"
#include "witness/btf_tree.h"
#include "witness/detail_probe.h"
#include "witness/ebpf_fake.h"

namespace exitledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::uint64_t kIsaVmx = EL_ISA_VMX, kIsaSvm = EL_ISA_SVM;
constexpr std::uint32_t kTold = 1U << kFakeQualificationBit | 1U << kFakeIntrInfoBit;

class DetailLoad : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
    ASSERT_EQ(::sched_getaffinity(0, sizeof(before_), &before_), 0);
    ASSERT_TRUE(move_to_cpu(0));
  }
  void TearDown() override {
    if (::geteuid() == 0) (void)::sched_setaffinity(0, sizeof(before_), &before_);
  }

  void start(Vendor vendor, DetailKind kind, std::uint32_t rows = 64, std::uint32_t vcpus = 8) {
    auto kernel = FakeKernel::create(vendor);
    ASSERT_TRUE(kernel) << kernel.error().message();
    kernel_ = std::move(*kernel);
    kernel_->make_vcpu(0, 0x1000);
    const auto types = KernelTypes::open(kernel_->sys());
    ASSERT_TRUE(types) << types.error().message();
    const auto layout = types->detail_layout(vendor, kind);
    ASSERT_TRUE(layout) << layout.error().message();
    const auto cpus = static_cast<std::uint32_t>(libbpf_num_possible_cpus());
    auto probe = DetailProbe::load({kind, vendor, *layout, cpus, rows, vcpus});
    ASSERT_TRUE(probe) << probe.error().message();
    probe_ = std::move(*probe);
    ASSERT_TRUE(probe_->begin());
  }
  void vmx_exit(std::uint32_t reason) {
    kernel_->set_vmx_reason(0, reason);
    ASSERT_TRUE(run_program("detail_exit", {kernel_->vcpu(0), kIsaVmx}));
  }
  void vmx_exit(std::uint32_t reason, std::uint64_t qualification, std::uint32_t intr_info = 0,
                std::uint32_t avail = kTold) {
    kernel_->set_vmx_told(0, qualification, intr_info, avail);
    vmx_exit(reason);
  }
  void svm_exit(std::uint32_t code, std::uint64_t info_1 = 0, std::uint64_t info_2 = 0) {
    kernel_->set_svm_code(0, code);
    kernel_->set_svm_info(0, info_1, info_2);
    ASSERT_TRUE(run_program("detail_exit", {kernel_->vcpu(0), kIsaSvm}));
  }
  void registers(std::uint64_t rax, std::uint64_t rcx) {
    kernel_->set_rax(0, rax);
    kernel_->set_rcx(0, rcx);
  }
  void page_fault(std::uint64_t address, std::uint64_t qualification) {
    ASSERT_TRUE(run_program("detail_fault", {kernel_->vcpu(0), address, qualification}));
  }

  DetailSample end() {
    EXPECT_TRUE(probe_->end(2));
    const auto sample = probe_->sample();
    EXPECT_TRUE(sample) << sample.error().message();
    if (!sample) return {};
    std::uint64_t sum = sample->open;
    for (const DetailRow& row : sample->rows) sum += row.count;
    for (const std::uint64_t count : sample->other) sum += count;
    EXPECT_EQ(sum, sample->parent);
    EXPECT_EQ(sample->missed, 0U);
    return *sample;
  }
  static std::vector<std::pair<std::string, std::uint64_t>> texts(const DetailSample& sample) {
    std::vector<std::pair<std::string, std::uint64_t>> rows;
    for (const DetailRow& row : sample.rows)
      rows.emplace_back(detail_row_text(sample.vendor, sample.kind, row.key), row.count);
    return rows;
  }

  cpu_set_t before_{};
  std::unique_ptr<FakeKernel> kernel_;
  std::unique_ptr<DetailProbe> probe_;
};

TEST_F(DetailLoad, IoOnVmxByPortDirectionAndSize) {
  start(Vendor::kVmx, DetailKind::kIo);
  for (int i = 0; i < 3; ++i) vmx_exit(30, 0x03F80000 | 1U << 6);  // an immediate operand is no other row
  for (int i = 0; i < 2; ++i) vmx_exit(30, 0x03F80000);
  vmx_exit(30, 0x03F80008);
  vmx_exit(30 | EL_VMX_BUS_LOCK, 0x0CFC003B);  // a flag bit is no other reason
  vmx_exit(12, 0x03F80000);                    // HLT
  const DetailSample sample = end();
  EXPECT_EQ(sample.parent, 7U);
  EXPECT_THAT(texts(sample), ElementsAre(Pair("port 0x3f8 out 1 byte", 5), Pair("port 0x3f8 in 1 byte", 1),
                                         Pair("port 0xcfc rep ins 4 bytes", 1)));
}

TEST_F(DetailLoad, WhatKvmDidNotReadIsInNoRow) {
  start(Vendor::kVmx, DetailKind::kIo);
  vmx_exit(30, 0x03F80000);
  vmx_exit(30, 0x00510000, 0, 1U << kFakeIntrInfoBit);  // stale: an earlier exit's
  const DetailSample sample = end();
  EXPECT_THAT(texts(sample), ElementsAre(Pair("port 0x3f8 out 1 byte", 1)));
  EXPECT_EQ(sample.other[EL_OTHER_UNTOLD], 1U);
}

TEST_F(DetailLoad, CrOnVmxByRegisterAndAccess) {
  start(Vendor::kVmx, DetailKind::kCr);
  for (const std::uint64_t from : {0x000U, 0x300U, 0xF00U})
    vmx_exit(28, 0x03 | from);  // whichever register it came from
  vmx_exit(28, 0x13);
  vmx_exit(28, 0x000A0030);  // LMSW 10
  EXPECT_THAT(texts(end()), ElementsAre(Pair("MOV to CR3", 3), Pair("MOV from CR3", 1), Pair("LMSW", 1)));
}

TEST_F(DetailLoad, ExceptionOnVmxByVector) {
  start(Vendor::kVmx, DetailKind::kException);
  vmx_exit(0, 0, 0x80000B0E);
  vmx_exit(0, 0, 0x8000030E);  // with and without an error code
  vmx_exit(0, 0, 0x80000202);
  vmx_exit(0, 0, 0x80000306, 1U << kFakeQualificationBit);
  const DetailSample sample = end();
  EXPECT_THAT(texts(sample), ElementsAre(Pair("#PF (14)", 2), Pair("NMI (2)", 1)));
  EXPECT_EQ(sample.other[EL_OTHER_UNTOLD], 1U);
}

TEST_F(DetailLoad, MsrOnVmxByNumberAndAccess) {
  start(Vendor::kVmx, DetailKind::kMsr);
  registers(0, 0xFFFFFFFF000006E0);  // the upper half of RCX does not count
  vmx_exit(31);
  vmx_exit(32);
  vmx_exit(32);
  vmx_exit(28);
  EXPECT_THAT(texts(end()),
              ElementsAre(Pair("IA32_TSC_DEADLINE (0x6e0) wrmsr", 2), Pair("IA32_TSC_DEADLINE (0x6e0) rdmsr", 1)));
}

TEST_F(DetailLoad, CpuidByLeafAndSubleaf) {
  start(Vendor::kVmx, DetailKind::kCpuid);
  registers(0xABCD00000004, 1);
  vmx_exit(10);
  registers(4, 2);
  vmx_exit(10);
  vmx_exit(10);
  EXPECT_THAT(texts(end()), ElementsAre(Pair("leaf 0x4 subleaf 0x2", 2), Pair("leaf 0x4 subleaf 0x1", 1)));
}

TEST_F(DetailLoad, EveryKindOnSvm) {
  start(Vendor::kSvm, DetailKind::kIo);
  svm_exit(0x7B, 0x03F80410);  // address size and segment are no other row
  svm_exit(0x7B, 0x03F80090);
  svm_exit(0x7C, 0x03F80010);
  EXPECT_THAT(texts(end()), ElementsAre(Pair("port 0x3f8 out 1 byte", 2)));

  start(Vendor::kSvm, DetailKind::kMsr);
  registers(0, 0xC0000080);
  svm_exit(0x7C, 1);
  svm_exit(0x7C, 1);
  svm_exit(0x7C, 0);
  EXPECT_THAT(texts(end()),
              ElementsAre(Pair("IA32_EFER (0xc0000080) wrmsr", 2), Pair("IA32_EFER (0xc0000080) rdmsr", 1)));

  start(Vendor::kSvm, DetailKind::kCr);
  svm_exit(0x13);
  svm_exit(0x13);
  svm_exit(0x03);
  svm_exit(0x65);
  svm_exit(0x20);  // a debug register
  EXPECT_THAT(texts(end()),
              ElementsAre(Pair("MOV to CR3", 2), Pair("MOV from CR3", 1), Pair("selective write CR0", 1)));

  start(Vendor::kSvm, DetailKind::kException);
  svm_exit(0x4E);
  svm_exit(0x60);  // an interrupt
  svm_exit(0x5F);
  EXPECT_THAT(texts(end()), ElementsAre(Pair("#PF (14)", 1), Pair("vector 31", 1)));

  start(Vendor::kSvm, DetailKind::kCpuid);
  registers(0x80000000, 7);
  svm_exit(0x72);
  EXPECT_THAT(texts(end()), ElementsAre(Pair("leaf 0x80000000 subleaf 0x7", 1)));

  start(Vendor::kSvm, DetailKind::kEptViolation);
  svm_exit(0x400, 0x100000006, 0xFEE00123);  // user, write, of the final address
  svm_exit(0x400, 0x100000014, 0x1000);
  svm_exit(0x400, 0x100000004, 0x1FFF);
  svm_exit(0x401);
  EXPECT_THAT(texts(end()), testing::UnorderedElementsAre(Pair("page 0xfee00000 write", 1),
                                                          Pair("page 0x1000 fetch", 1), Pair("page 0x1000 read", 1)));
}

TEST_F(DetailLoad, EptViolationIsToldLater) {
  start(Vendor::kVmx, DetailKind::kEptViolation);
  vmx_exit(48);
  page_fault(0xFEE00123, 0x182);
  page_fault(0x5000, 1);  // no exit is open
  vmx_exit(48);
  page_fault(0xFEE00FFF, 0x183);
  vmx_exit(48);
  page_fault(0x2000, 0x184);
  const DetailSample sample = end();
  EXPECT_EQ(sample.parent, 3U);
  EXPECT_THAT(texts(sample), ElementsAre(Pair("page 0xfee00000 write", 2), Pair("page 0x2000 fetch", 1)));
  EXPECT_EQ(sample.open, 0U);
}

TEST_F(DetailLoad, AnEptViolationThatIsNeverToldIsClosedByTheNextExit) {
  start(Vendor::kVmx, DetailKind::kEptViolation);
  vmx_exit(48);
  vmx_exit(48);
  vmx_exit(30);
  page_fault(0x1000, 1);  // of the I/O exit
  vmx_exit(48);
  const DetailSample sample = end();
  EXPECT_EQ(sample.parent, 3U);
  EXPECT_EQ(sample.other[EL_OTHER_UNTOLD], 2U);
  EXPECT_EQ(sample.open, 1U);
  EXPECT_THAT(sample.rows, IsEmpty());
}

TEST_F(DetailLoad, EachThreadHasItsOwnOpenExitAndMoreThanThereArePlacesAreInNoRow) {
  start(Vendor::kVmx, DetailKind::kEptViolation, 64, 1);
  vmx_exit(48);
  std::thread([this] {
    vmx_exit(48);
    page_fault(0x2000, 2);  // of the other thread's exit: not told
  }).join();
  page_fault(0x1000, 2);
  const DetailSample sample = end();
  EXPECT_THAT(texts(sample), ElementsAre(Pair("page 0x1000 write", 1)));
  EXPECT_EQ(sample.other[EL_OTHER_NO_VCPU], 1U);
  EXPECT_EQ(sample.parent, 2U);
}

TEST_F(DetailLoad, OnlyTheIntervalIsCounted) {
  start(Vendor::kVmx, DetailKind::kEptViolation);
  probe_.reset();
  const auto types = KernelTypes::open(kernel_->sys());
  const auto layout = types->detail_layout(Vendor::kVmx, DetailKind::kEptViolation);
  auto probe = DetailProbe::load(
      {DetailKind::kEptViolation, Vendor::kVmx, *layout, static_cast<std::uint32_t>(libbpf_num_possible_cpus()), 8, 8});
  ASSERT_TRUE(probe) << probe.error().message();
  probe_ = std::move(*probe);
  vmx_exit(48);  // before it
  ASSERT_TRUE(probe_->settle());
  ASSERT_TRUE(probe_->begin());
  page_fault(0x1000, 1);
  vmx_exit(48);
  page_fault(0x2000, 1);
  const DetailSample sample = end();
  vmx_exit(48);
  EXPECT_EQ(sample.parent, 1U);
  EXPECT_EQ(probe_->sample()->parent, 1U);
  EXPECT_THAT(texts(sample), ElementsAre(Pair("page 0x2000 read", 1)));
}

TEST_F(DetailLoad, KeysBeyondTheRowsAreCountedTogether) {
  start(Vendor::kVmx, DetailKind::kIo, 3);
  for (std::uint64_t port = 1; port <= 10; ++port)
    for (std::uint64_t i = 0; i < port; ++i) vmx_exit(30, port << 16);
  const DetailSample sample = end();
  EXPECT_EQ(sample.parent, 55U);
  EXPECT_EQ(sample.rows_limit, 3U);
  EXPECT_THAT(texts(sample), ElementsAre(Pair("port 0x3 out 1 byte", 3), Pair("port 0x2 out 1 byte", 2),
                                         Pair("port 0x1 out 1 byte", 1)));
  EXPECT_EQ(sample.other[EL_OTHER_NO_ROW], 49U);
}

TEST_F(DetailLoad, CpusAreAddedUp) {
  const long cpus = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (cpus < 2) GTEST_SKIP() << "needs two CPUs";
  start(Vendor::kVmx, DetailKind::kIo);
  for (unsigned cpu = 0; cpu < 2; ++cpu) {
    ASSERT_TRUE(move_to_cpu(cpu));
    for (unsigned i = 0; i < 3 + cpu; ++i) vmx_exit(30, 0x03F80000);
  }
  const DetailSample sample = end();
  EXPECT_EQ(sample.parent, 7U);
  EXPECT_THAT(texts(sample), ElementsAre(Pair("port 0x3f8 out 1 byte", 7)));
}

TEST_F(DetailLoad, WhatCannotBeReadIsCounted) {
  start(Vendor::kVmx, DetailKind::kIo);
  ASSERT_TRUE(run_program("detail_exit", {8, kIsaVmx}));                 // no memory there
  ASSERT_TRUE(run_program("detail_exit", {kernel_->vcpu(0), kIsaSvm}));  // the other vendor's
  const DetailSample sample = end();
  EXPECT_EQ(sample.unread, 2U);
  EXPECT_EQ(sample.parent, 0U);

  start(Vendor::kSvm, DetailKind::kIo);
  kernel_->set_svm_vmcb(0, 8);
  ASSERT_TRUE(run_program("detail_exit", {kernel_->vcpu(0), kIsaSvm}));
  EXPECT_EQ(end().unread, 1U);
}

}  // namespace
}  // namespace exitledger
