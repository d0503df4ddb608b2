// SPDX-License-Identifier: MIT
#include "model/exit_reason.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace exitledger {
namespace {

constexpr Reason kPseudoReasons[] = {kReasonAll,         kReasonUnknown,   kReasonBusLock, kReasonEnclave,
                                     kReasonFailedEntry, kReasonEmulation, kReasonVmFail,  kReasonBackwards,
                                     kReasonNested,      kReasonInjected};

TEST(ExitReason, EveryDefinedReasonRoundTripsThroughItsLabel) {
  for (const Vendor vendor : kVendors) {
    for (const auto& info : defined_reasons(vendor)) {
      EXPECT_EQ(reason_label(vendor, info.number), info.name);
      EXPECT_EQ(reason_from(vendor, info.name), info.number) << info.name;
      EXPECT_TRUE(is_defined(vendor, info.number)) << info.name;
      EXPECT_TRUE(is_summand(info.number)) << info.name;
    }
  }
}

TEST(ExitReason, EveryNumberRoundTripsThroughItsLabel) {
  for (const Vendor vendor : kVendors) {
    for (unsigned number = 0; number <= 0xFFFF; ++number) {
      const auto reason = static_cast<Reason>(number);
      ASSERT_EQ(reason_from(vendor, reason_label(vendor, reason)), reason) << number;
    }
  }
}

TEST(ExitReason, NumbersAscendAndNamesAreUniqueAlsoBesideThePseudoReasons) {
  for (const Vendor vendor : kVendors) {
    const auto defined = defined_reasons(vendor);
    EXPECT_TRUE(std::ranges::is_sorted(defined, std::less_equal<>{}, &ReasonInfo::number));
    std::set<std::string> names;
    for (const auto& info : defined) EXPECT_TRUE(names.insert(std::string(info.name)).second) << info.name;
    for (const Reason reason : kPseudoReasons) {
      EXPECT_TRUE(names.insert(reason_label(vendor, reason)).second) << reason;
    }
  }
}

TEST(ExitReason, VmxHolesAreThoseOfTheManual) {
  std::vector<unsigned> holes;
  for (unsigned number = 0; number <= 85; ++number) {
    if (!is_defined(Vendor::kVmx, static_cast<Reason>(number))) holes.push_back(number);
  }
  EXPECT_THAT(holes, testing::ElementsAre(35, 38, 42, 71, 82, 83));
  for (unsigned number = 86; number <= 0xFFFF; ++number) {
    ASSERT_FALSE(is_defined(Vendor::kVmx, static_cast<Reason>(number))) << number;
  }
}

TEST(ExitReason, SvmIsDefinedInThreeStretches) {
  for (unsigned number = 0; number <= 0xFFFF; ++number) {
    const bool expected = number <= 0xA6 || (number >= 0x400 && number <= 0x403) || number >= 0xFFFC;
    ASSERT_EQ(is_defined(Vendor::kSvm, static_cast<Reason>(number)), expected) << number;
  }
}

// The kernel's strings for one reason of each kind: they are labels of metrics that people rely on.
TEST(ExitReason, NamesAreTheKernels) {
  EXPECT_EQ(reason_label(Vendor::kVmx, vmx::kException), "EXCEPTION_NMI");
  EXPECT_EQ(reason_label(Vendor::kVmx, vmx::kCpuid), "CPUID");
  EXPECT_EQ(reason_label(Vendor::kVmx, vmx::kCrAccess), "CR_ACCESS");
  EXPECT_EQ(reason_label(Vendor::kVmx, vmx::kIo), "IO_INSTRUCTION");
  EXPECT_EQ(reason_label(Vendor::kVmx, vmx::kInvalidState), "INVALID_STATE");
  EXPECT_EQ(reason_label(Vendor::kVmx, vmx::kEptViolation), "EPT_VIOLATION");
  EXPECT_EQ(reason_label(Vendor::kVmx, vmx::kPmlFull), "PML_FULL");
  EXPECT_EQ(reason_label(Vendor::kSvm, 0x4E), "PF excp");
  EXPECT_EQ(reason_label(Vendor::kSvm, 0x81), "hypercall");
  EXPECT_EQ(reason_label(Vendor::kSvm, 0x400), "npf");
  EXPECT_EQ(reason_label(Vendor::kSvm, 0xFFFF), "invalid_guest_state");
}

TEST(ExitReason, UndefinedReasonsAreLabelledByNumber) {
  EXPECT_EQ(reason_label(Vendor::kVmx, 35), "unknown:35");
  EXPECT_EQ(reason_from(Vendor::kVmx, "unknown:35"), 35);
  EXPECT_EQ(reason_from(Vendor::kVmx, "unknown:10"), std::nullopt) << "10 has a name";
  EXPECT_EQ(reason_label(Vendor::kVmx, 0xFE0A), "unknown:65034") << "pseudo-reason of no meaning";
}

TEST(ExitReason, TextIsANameInAnyCaseOrANumber) {
  EXPECT_EQ(reason_from(Vendor::kVmx, "ept_violation"), vmx::kEptViolation);
  EXPECT_EQ(reason_from(Vendor::kVmx, "48"), vmx::kEptViolation);
  EXPECT_EQ(reason_from(Vendor::kVmx, "0x30"), vmx::kEptViolation);
  EXPECT_EQ(reason_from(Vendor::kVmx, "all"), kReasonAll);
  for (const auto* junk : {"", "0x", "-1", "+1", "65536", "10 ", "CPUIDX", "npf", "unknown:", "unknown:x", "0x1g"}) {
    EXPECT_EQ(reason_from(Vendor::kVmx, junk), std::nullopt) << junk;
  }
}

TEST(ExitReason, PseudoReasonsAreNoSummandsButTheUnknown) {
  for (const Reason reason : kPseudoReasons) {
    EXPECT_TRUE(is_pseudo(reason));
    EXPECT_EQ(is_summand(reason), reason == kReasonUnknown);
    for (const Vendor vendor : kVendors) EXPECT_FALSE(is_defined(vendor, reason));
  }
}

TEST(ExitReason, EveryReasonHasAMeaningOfOneClause) {
  for (const Vendor vendor : kVendors) {
    std::vector<Reason> all(std::begin(kPseudoReasons), std::end(kPseudoReasons));
    for (const auto& info : defined_reasons(vendor)) all.push_back(info.number);
    for (const Reason reason : all) {
      const auto meaning = reason_meaning(vendor, reason);
      EXPECT_FALSE(meaning.empty()) << reason_label(vendor, reason);
      EXPECT_FALSE(meaning.ends_with('.')) << meaning;
    }
    EXPECT_TRUE(reason_meaning(vendor, 0x200).empty());
  }
}

}  // namespace
}  // namespace exitledger
