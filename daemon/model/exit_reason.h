// SPDX-License-Identifier: MIT
// Exit reasons: their numbers as the leaf ABI spells them (16 bits), their names, their place in a book.
//
// Names mirror VMX_EXIT_REASONS (arch/x86/include/uapi/asm/vmx.h) and SVM_EXIT_REASONS
// (arch/x86/include/uapi/asm/svm.h) of Linux; reasons that only the manuals define have the manual's term.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/paging.h"

namespace exitledger {

/// Reason number of the leaf ABI: VMX basic exit reason, SVM exit code (0xFFFC..0xFFFF = -4..-1), or pseudo-reason.
using Reason = std::uint16_t;

inline constexpr Reason kReasonAll = 0xFE00;          ///< every exit
inline constexpr Reason kReasonUnknown = 0xFE01;      ///< a reason that the table does not define
inline constexpr Reason kReasonBusLock = 0xFE02;      ///< flag; also under its basic reason
inline constexpr Reason kReasonEnclave = 0xFE03;      ///< flag; also under its basic reason
inline constexpr Reason kReasonFailedEntry = 0xFE04;  ///< flag; also under its basic reason
inline constexpr Reason kReasonEmulation = 0xFE05;    ///< pass through emulation_required: no hardware exit
inline constexpr Reason kReasonVmFail = 0xFE06;       ///< vmx->fail: no hardware exit
inline constexpr Reason kReasonBackwards = 0xFE07;    ///< exit whose cycles the TSC counted backwards; kept with cycles

inline constexpr Reason kReasonNested = 0xFE08;    ///< exit of a nested guest; also under its basic reason
inline constexpr Reason kReasonInjected = 0xFE09;  ///< exit that a nested hypervisor is made to see: no hardware exit
/// Pseudo-reasons that both books hold.
inline constexpr std::array kCountedPseudo{kReasonAll,         kReasonUnknown, kReasonBusLock, kReasonEnclave,
                                           kReasonFailedEntry, kReasonNested,  kReasonInjected};

/// VMX basic exit reasons that laws and tests speak of (SDM vol. 3, appendix "VMX Basic Exit Reasons").
namespace vmx {
inline constexpr Reason kException = 0, kExternalInterrupt = 1, kInterruptWindow = 7, kNmiWindow = 8, kCpuid = 10,
                        kHlt = 12, kInvlpg = 14, kVmcall = 18, kCrAccess = 28, kIo = 30, kMsrRead = 31, kMsrWrite = 32,
                        kInvalidState = 33, kEptViolation = 48, kEptMisconfig = 49, kInvpcid = 58, kPmlFull = 62;
}  // namespace vmx

/// SVM exit codes that laws and tests speak of (AMD APM vol. 2, appendix "SVM Intercept Exit Codes").
namespace svm {
inline constexpr Reason kReadCr3 = 0x03, kWriteCr3 = 0x13, kPageFault = 0x4E, kInterrupt = 0x60, kVintr = 0x64,
                        kCpuid = 0x72, kIret = 0x74, kHlt = 0x78, kInvlpg = 0x79, kIo = 0x7B, kVmrun = 0x80,
                        kVmmcall = 0x81, kInvpcid = 0xA2, kNpf = 0x400, kAvicIncompleteIpi = 0x401,
                        kAvicUnaccelerated = 0x402, kVmgexit = 0x403;
}  // namespace svm

/// The exit that a read of the leaf is.
[[nodiscard]] constexpr Reason cpuid_reason(Vendor vendor) {
  return vendor == Vendor::kVmx ? vmx::kCpuid : svm::kCpuid;
}

struct ReasonInfo {
  Reason number;
  std::string_view name;
};

/// Reasons that the manuals define for a vendor, ascending, pseudo-reasons not included.
[[nodiscard]] std::span<const ReasonInfo> defined_reasons(Vendor vendor);

[[nodiscard]] bool is_defined(Vendor vendor, Reason reason);

/// Not a reason of its own but a total, a flag or no exit: never part of a sum over reasons. kReasonUnknown is part of
/// it.
[[nodiscard]] constexpr bool is_pseudo(Reason reason) { return reason >= 0xFE00 && reason <= 0xFEFF; }
[[nodiscard]] constexpr bool is_summand(Reason reason) { return !is_pseudo(reason) || reason == kReasonUnknown; }

/// Events of nested guests: a leaf of before has none of them.
[[nodiscard]] constexpr bool is_nested(Reason reason) { return reason == kReasonNested || reason == kReasonInjected; }

/// Not what the leaf alone keeps: passes that are no hardware exits, notes on the cycles.
[[nodiscard]] constexpr bool in_both_books(Reason reason) {
  return !is_pseudo(reason) || reason <= kReasonFailedEntry || is_nested(reason);
}

/// Label: the kernel's name ("EPT_VIOLATION"); pseudo-reasons "ALL", "UNKNOWN", "BUS_LOCK_FLAG", …; "unknown:N"
/// otherwise.
[[nodiscard]] std::string reason_label(Vendor vendor, Reason reason);

/// Number of a label as reason_label() spells it, or of a plain decimal or 0x number.
[[nodiscard]] std::optional<Reason> reason_from(Vendor vendor, std::string_view text);

/// One plain sentence on what the guest did, for people ("guest executed CPUID"); empty if unknown.
[[nodiscard]] std::string_view reason_meaning(Vendor vendor, Reason reason);

}  // namespace exitledger
