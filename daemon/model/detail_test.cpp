// SPDX-License-Identifier: MIT
#include "model/detail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace exitledger {
namespace {

using testing::ElementsAre;

struct Named {
  const char* what;
  Vendor vendor;
  DetailKind kind;
  el_detail_key key;  ///< value, how, code
  const char* text;
};

class DetailText : public testing::TestWithParam<Named> {};

TEST_P(DetailText, SaysWhatTheProcessorSaid) {
  EXPECT_EQ(detail_row_text(GetParam().vendor, GetParam().kind, GetParam().key), GetParam().text);
}

constexpr Vendor kVmx = Vendor::kVmx, kSvm = Vendor::kSvm;

INSTANTIATE_TEST_SUITE_P(
    All, DetailText,
    testing::Values(
        // Exit qualification: port << 16, rep 0x20, string 0x10, in 8, size - 1.
        Named{"vmx_out", kVmx, DetailKind::kIo, {0x03F80000, 0, 30}, "port 0x3f8 out 1 byte"},
        Named{"vmx_in_word", kVmx, DetailKind::kIo, {0x01F00009, 0, 30}, "port 0x1f0 in 2 bytes"},
        Named{"vmx_rep_ins", kVmx, DetailKind::kIo, {0x0CFC003B, 0, 30}, "port 0xcfc rep ins 4 bytes"},
        // EXITINFO1: port << 16, 4 bytes 0x40, 2 bytes 0x20, 1 byte 0x10, rep 8, string 4, in 1.
        Named{"svm_out", kSvm, DetailKind::kIo, {0x03F80010, 0, 0x7B}, "port 0x3f8 out 1 byte"},
        Named{"svm_in_word", kSvm, DetailKind::kIo, {0x01F00021, 0, 0x7B}, "port 0x1f0 in 2 bytes"},
        Named{"svm_rep_outs", kSvm, DetailKind::kIo, {0x0CFC004C, 0, 0x7B}, "port 0xcfc rep outs 4 bytes"},
        Named{"vmx_wrmsr", kVmx, DetailKind::kMsr, {0x6E0, 0, 32}, "IA32_TSC_DEADLINE (0x6e0) wrmsr"},
        Named{"vmx_rdmsr", kVmx, DetailKind::kMsr, {0x17, 0, 31}, "IA32_PLATFORM_ID (0x17) rdmsr"},
        Named{"svm_wrmsr", kSvm, DetailKind::kMsr, {0xC0000080, 1, 0x7C}, "IA32_EFER (0xc0000080) wrmsr"},
        Named{"svm_rdmsr_without_name", kSvm, DetailKind::kMsr, {0xC00102FF, 0, 0x7C}, "MSR 0xc00102ff rdmsr"},
        Named{"ept_read", kVmx, DetailKind::kEptViolation, {0xFEE00, 0, 48}, "page 0xfee00000 read"},
        Named{"ept_write", kVmx, DetailKind::kEptViolation, {0x1, 2, 48}, "page 0x1000 write"},
        Named{"ept_fetch", kVmx, DetailKind::kEptViolation, {0xFFFFFFFFFF, 4, 48}, "page 0xffffffffff000 fetch"},
        Named{"npf_write", kSvm, DetailKind::kEptViolation, {0x1, 2, 0x400}, "page 0x1000 write"},
        Named{"npf_fetch", kSvm, DetailKind::kEptViolation, {0x1, 0x10, 0x400}, "page 0x1000 fetch"},
        Named{"vmx_mov_to", kVmx, DetailKind::kCr, {0x03, 0, 28}, "MOV to CR3"},
        Named{"vmx_mov_from", kVmx, DetailKind::kCr, {0x18, 0, 28}, "MOV from CR8"},
        Named{"vmx_clts", kVmx, DetailKind::kCr, {0x20, 0, 28}, "CLTS"},
        Named{"vmx_lmsw", kVmx, DetailKind::kCr, {0x30, 0, 28}, "LMSW"},
        Named{"svm_mov_to", kSvm, DetailKind::kCr, {0, 0, 0x13}, "MOV to CR3"},
        Named{"svm_mov_from", kSvm, DetailKind::kCr, {0, 0, 0x08}, "MOV from CR8"},
        Named{"svm_selective", kSvm, DetailKind::kCr, {0, 0, 0x65}, "selective write CR0"},
        Named{"svm_trap", kSvm, DetailKind::kCr, {0, 0, 0x94}, "trap after write CR4"},
        Named{"vmx_pf", kVmx, DetailKind::kException, {14, 0, 0}, "#PF (14)"},
        Named{"vmx_nmi", kVmx, DetailKind::kException, {2, 0, 0}, "NMI (2)"},
        Named{"vmx_no_name", kVmx, DetailKind::kException, {200, 0, 0}, "vector 200"},
        Named{"svm_ud", kSvm, DetailKind::kException, {0, 0, 0x46}, "#UD (6)"},
        Named{"cpuid", kVmx, DetailKind::kCpuid, {0x1'0000'0004, 0, 10}, "leaf 0x4 subleaf 0x1"},
        Named{"cpuid_high", kSvm, DetailKind::kCpuid, {0x8000001D, 0, 0x72}, "leaf 0x8000001d subleaf 0x0"}),
    [](const auto& row) { return row.param.what; });

TEST(Detail, ParentsAreTheReasonsOfTheKind) {
  EXPECT_THAT(parent_reasons(kVmx, DetailKind::kIo), ElementsAre(30));
  EXPECT_THAT(parent_reasons(kVmx, DetailKind::kMsr), ElementsAre(31, 32));
  EXPECT_THAT(parent_reasons(kVmx, DetailKind::kEptViolation), ElementsAre(48));
  EXPECT_THAT(parent_reasons(kVmx, DetailKind::kCr), ElementsAre(28));
  EXPECT_THAT(parent_reasons(kVmx, DetailKind::kException), ElementsAre(0));
  EXPECT_THAT(parent_reasons(kVmx, DetailKind::kCpuid), ElementsAre(10));
  EXPECT_THAT(parent_reasons(kSvm, DetailKind::kIo), ElementsAre(0x7B));
  EXPECT_THAT(parent_reasons(kSvm, DetailKind::kMsr), ElementsAre(0x7C));
  EXPECT_THAT(parent_reasons(kSvm, DetailKind::kEptViolation), ElementsAre(0x400));
  EXPECT_THAT(parent_reasons(kSvm, DetailKind::kCpuid), ElementsAre(0x72));
}

// Each code that the manual calls one of the kind, and nothing else: NMI (0x61) has a code of its own.
TEST(Detail, ParentsOnSvmAreWhatTheTableOfReasonsCallsSo) {
  std::set<Reason> crs, exceptions;
  for (const ReasonInfo& reason : defined_reasons(kSvm)) {
    if (reason.name.find("_cr") != std::string_view::npos || reason.name == "cr0_sel_write") crs.insert(reason.number);
    if (reason.name.find("excp") != std::string_view::npos) exceptions.insert(reason.number);
  }
  const auto of = [](DetailKind kind) {
    const auto reasons = parent_reasons(kSvm, kind);
    EXPECT_TRUE(std::is_sorted(reasons.begin(), reasons.end()));
    return std::set<Reason>(reasons.begin(), reasons.end());
  };
  EXPECT_EQ(of(DetailKind::kCr), crs);
  EXPECT_EQ(of(DetailKind::kException), exceptions);
}

TEST(Detail, NamesAreStableAndDifferent) {
  std::set<std::string_view> kinds, causes, meanings;
  for (const DetailKind kind : kDetailKinds) kinds.insert(to_string(kind));
  for (unsigned cause = 0; cause < EL_OTHER_COUNT; ++cause) {
    causes.insert(other_label(static_cast<el_detail_other>(cause)));
    meanings.insert(other_meaning(static_cast<el_detail_other>(cause)));
  }
  EXPECT_THAT(kinds, testing::UnorderedElementsAre("io", "msr", "ept-violation", "cr", "exception", "cpuid"));
  EXPECT_THAT(causes, testing::UnorderedElementsAre("no_row", "refused", "untold", "no_vcpu", "unread"));
  EXPECT_EQ(meanings.size(), causes.size());
}

}  // namespace
}  // namespace exitledger
