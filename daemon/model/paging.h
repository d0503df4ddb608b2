// SPDX-License-Identifier: MIT
// Vendors of hardware virtualisation and their paging modes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace exitledger {

/// Values as in leaf 0x4FFFFFFD.1 EAX[1:0] and as the isa argument of kvm:kvm_exit.
enum class Vendor : std::uint8_t { kVmx = 1, kSvm = 2 };
inline constexpr std::array kVendors{Vendor::kVmx, Vendor::kSvm};

/// Values as in leaf 0x4FFFFFFD.1 EAX[3:2].
enum class Paging : std::uint8_t { kEpt = 1, kShadow = 2, kNpt = 3 };

/// Spelling of the `paging` label: "ept", "shadow", "npt".
[[nodiscard]] constexpr std::string_view to_string(Paging paging) {
  switch (paging) {
    case Paging::kEpt: return "ept";
    case Paging::kShadow: return "shadow";
    case Paging::kNpt: return "npt";
  }
  return "invalid";
}

[[nodiscard]] constexpr std::optional<Paging> paging_from(std::string_view text) {
  if (text == "ept") return Paging::kEpt;
  if (text == "shadow") return Paging::kShadow;
  if (text == "npt") return Paging::kNpt;
  return std::nullopt;
}

/// "vmx" or "svm", as the flag in /proc/cpuinfo.
[[nodiscard]] constexpr std::string_view to_string(Vendor vendor) {
  switch (vendor) {
    case Vendor::kVmx: return "vmx";
    case Vendor::kSvm: return "svm";
  }
  return "invalid";
}

/// Name of the vendor's module as in /sys/module and as the kernel spells it: "kvm_intel", "kvm_amd".
[[nodiscard]] constexpr std::string_view module_name(Vendor vendor) {
  return vendor == Vendor::kVmx ? "kvm_intel" : "kvm_amd";
}

}  // namespace exitledger
