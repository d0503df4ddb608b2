// SPDX-License-Identifier: MIT
// Hosts as a guest's CPUID sees them, for tests.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "cpuid.h"
#include "model/exit_reason.h"

namespace exitledger::guest::fake {

inline constexpr leaf::Registers kRefused{0, 0, 0, 0xFFFFFFFF};
inline constexpr leaf::Registers kGenuineIntel{22, 0x756E6547, 0x6C65746E, 0x49656E69};
inline constexpr leaf::Registers kAuthenticAmd{16, 0x68747541, 0x444D4163, 0x69746E65};

/// A host with the exitledger ABI. Every read of the CPUID reason counts itself, as on a real one.
struct Patched {
  std::uint32_t version = 1;
  std::uint32_t flags = 1 | 1 << 2 | 0b00111 << 8;  ///< VMX, EPT, own scopes
  std::map<Reason, std::uint64_t> counts;
  std::map<Reason, std::uint64_t> cycles;
  std::uint64_t total = 0;
  std::set<leaf::Scope> asked;

  leaf::Registers operator()(std::uint32_t eax, std::uint32_t ecx) {
    const auto scope = static_cast<leaf::Scope>(ecx >> 16);
    const std::uint32_t low = ecx & 0xFFFF;
    if (eax == leaf::kInfo) return info(scope, low);
    if (eax != leaf::kExits && eax != leaf::kCycles) return {};
    asked.insert(scope);
    if (!leaf::Flags{flags}.allowed(scope)) return kRefused;
    if (eax == leaf::kCycles) return cycles_of(static_cast<Reason>(low));
    return exits_of(static_cast<Reason>(low));
  }

 private:
  leaf::Registers info(leaf::Scope scope, std::uint32_t low) {
    if (low == 0) return {version, leaf::kSignatureEbx, leaf::kSignatureEcx, leaf::kSignatureEdx};
    if (low == 1) return {flags, static_cast<std::uint32_t>(counts.size()), 0, 0};
    if (low == 2) {
      if (!leaf::Flags{flags}.allowed(scope)) return kRefused;
      return scope == leaf::Scope::kHost || scope == leaf::Scope::kCpu ? leaf::Registers{1, 2, 0, 0}
                                                                       : leaf::Registers{3, 4, 0, 0};
    }
    if (low < 0x100 || low - 0x100 >= counts.size()) return kRefused;
    return {std::next(counts.begin(), low - 0x100)->first, 0, 0, 0};
  }
  leaf::Registers exits_of(Reason reason) {
    ++counts[vmx::kCpuid];
    ++total;
    if (reason == kReasonAll) return split(total);
    const auto it = counts.find(reason);
    return it == counts.end() ? kRefused : split(it->second);
  }
  leaf::Registers cycles_of(Reason reason) const {
    const auto it = cycles.find(reason);
    if (it == cycles.end()) return kRefused;
    return {0, static_cast<std::uint32_t>(it->second >> 32), static_cast<std::uint32_t>(it->second), 0};
  }
  static leaf::Registers split(std::uint64_t count) {
    return {static_cast<std::uint32_t>(count), static_cast<std::uint32_t>(count >> 32), 0, 0};
  }
};

/// Unpatched: the highest basic leaf (here 0x16) for whatever lies above.
inline leaf::Registers unpatched_intel(std::uint32_t eax, std::uint32_t) {
  if (eax == 0) return kGenuineIntel;
  return {0x0C80, 0x0ED8, 0x64, 0};
}

/// Unpatched: zeros.
inline leaf::Registers unpatched_amd(std::uint32_t eax, std::uint32_t) {
  if (eax == 0) return kAuthenticAmd;
  return {};
}

/// A published patch (facts/seed-lineage.md, 1.2 and 1.3).
struct Published {
  std::uint32_t exits_leaf = 0x4FFFFFFE, total_leaf = 0x4FFFFFFF;
  std::uint32_t edx_undefined = 0xFFFFFFFF;
  std::uint32_t ebx_left = 0, edx_left = 0;  ///< what stays in registers that the patch does not set
  bool echo_ecx = true;
  bool counts_cpuid = true;
  std::uint32_t cpuid_count = 1000;
  std::set<std::uint32_t> asked;

  leaf::Registers operator()(std::uint32_t eax, std::uint32_t ecx) {
    if (eax == 0) return kGenuineIntel;
    if (counts_cpuid) ++cpuid_count;
    if (eax == total_leaf) return {50000, ebx_left, 7, edx_left};
    if (eax != exits_leaf) return unpatched_intel(eax, ecx);
    asked.insert(ecx);
    if (ecx == 35 || ecx == 38 || ecx == 42 || ecx >= 65) return {0, 0, 0, edx_undefined};
    const std::uint32_t count = ecx == 10 ? cpuid_count : ecx == 48 ? 5920 : 0;
    return {count, ebx_left, echo_ecx ? ecx : 0, edx_left};
  }
};

/// The same host for every copy of the function.
template <typename Host>
Cpuid through(Host& host) {
  return [&host](std::uint32_t eax, std::uint32_t ecx) { return host(eax, ecx); };
}

}  // namespace exitledger::guest::fake
