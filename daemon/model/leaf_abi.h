// SPDX-License-Identifier: MIT
// The exit-count CPUID leaves, ABI version 1: register layout, from the reader's side.
// Contract: kvm-patch/README.md; the kernel's side is written by other hands on purpose.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "model/exit_reason.h"
#include "model/paging.h"

namespace exitledger::leaf {

inline constexpr std::uint32_t kTotal = 0x4FFFFFFF;   ///< total exits and cycles, scope 0
inline constexpr std::uint32_t kExits = 0x4FFFFFFE;   ///< exits of one reason
inline constexpr std::uint32_t kInfo = 0x4FFFFFFD;    ///< signature, flags, instance number, table of reasons
inline constexpr std::uint32_t kCycles = 0x4FFFFFFC;  ///< cycles of one reason
inline constexpr std::uint32_t kAbiVersion = 1;
inline constexpr std::uint32_t kCapability = 0x4FFFFFFE;  ///< KVM_CHECK_EXTENSION, KVM_ENABLE_CAP
/// "ExitLedger\0\0" in EBX, ECX, EDX.
inline constexpr std::uint32_t kSignatureEbx = 0x74697845, kSignatureEcx = 0x6764654C, kSignatureEdx = 0x00007265;

/// Whose counters are asked for (ECX[31:16]).
enum class Scope : std::uint16_t { kDefault = 0, kVcpu = 1, kVm = 2, kHost = 3, kCpu = 4 };

/// Scopes by the names that command lines, reports and people use.
inline constexpr std::array<std::pair<std::string_view, Scope>, 5> kScopes{{{"default", Scope::kDefault},
                                                                            {"vcpu", Scope::kVcpu},
                                                                            {"vm", Scope::kVm},
                                                                            {"host", Scope::kHost},
                                                                            {"cpu", Scope::kCpu}}};

[[nodiscard]] constexpr std::string_view to_string(Scope scope) {
  for (const auto& [name, each] : kScopes)
    if (each == scope) return name;
  return "invalid";
}

[[nodiscard]] constexpr std::optional<Scope> scope_from(std::string_view text) {
  for (const auto& [name, each] : kScopes)
    if (name == text) return each;
  return std::nullopt;
}

struct Registers {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  friend bool operator==(const Registers&, const Registers&) = default;
};

[[nodiscard]] constexpr std::uint32_t ecx_of(Scope scope, std::uint16_t low) {
  return static_cast<std::uint32_t>(scope) << 16 | low;
}

/// Refused: EAX = EBX = ECX = 0, EDX all ones. Not the same as a count of 0.
[[nodiscard]] constexpr bool refused(const Registers& r) {
  return r.eax == 0 && r.ebx == 0 && r.ecx == 0 && r.edx == 0xFFFFFFFF;
}

/// Answer to kInfo, sub-leaf 0, from a host with the leaves. Never infer the patch from anything else.
[[nodiscard]] constexpr bool has_signature(const Registers& r) {
  return r.ebx == kSignatureEbx && r.ecx == kSignatureEcx && r.edx == kSignatureEdx;
}

/// Count in an answer to kExits that was not refused.
[[nodiscard]] constexpr std::uint64_t exits_in(const Registers& r) {
  return static_cast<std::uint64_t>(r.ebx) << 32 | r.eax;
}

/// Count in an answer to kTotal.
[[nodiscard]] constexpr std::uint64_t total_in(const Registers& r) {
  return static_cast<std::uint64_t>(r.edx) << 32 | r.eax;
}

/// Cycles in an answer to kCycles that was not refused (TSC cycles from exit to next entry).
[[nodiscard]] constexpr std::uint64_t cycles_in(const Registers& r) {
  return static_cast<std::uint64_t>(r.ebx) << 32 | r.ecx;
}

/// Answer to kInfo, sub-leaf 1 (flags in EAX, entries of the table of defined reasons in EBX).
struct Flags {
  std::uint32_t eax = 0;
  [[nodiscard]] constexpr unsigned vendor() const { return eax & 3; }       ///< 1 VMX, 2 SVM
  [[nodiscard]] constexpr unsigned paging() const { return eax >> 2 & 3; }  ///< 1 EPT, 2 shadow, 3 NPT
  [[nodiscard]] constexpr bool cycles_kept() const { return eax >> 4 & 1; }
  [[nodiscard]] constexpr bool default_scope_is_host() const { return eax >> 5 & 1; }
  [[nodiscard]] constexpr bool allowed(Scope scope) const { return eax >> (8 + static_cast<unsigned>(scope)) & 1; }
};

}  // namespace exitledger::leaf
