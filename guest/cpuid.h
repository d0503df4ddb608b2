// SPDX-License-Identifier: MIT
// The CPUID instruction, as something that a test can replace.
#pragma once

#include <cstdint>
#include <functional>

#include "model/leaf_abi.h"

namespace exitledger::guest {

/// EAX and ECX in, all four registers out. Every call in a guest is a VM exit.
using Cpuid = std::function<leaf::Registers(std::uint32_t eax, std::uint32_t ecx)>;

/// The instruction itself. Under CPUID faulting (arch_prctl ARCH_CPUID) the process gets SIGSEGV, as for any CPUID.
[[nodiscard]] inline leaf::Registers hardware_cpuid(std::uint32_t eax, std::uint32_t ecx) {
  leaf::Registers r;
  asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "0"(eax), "2"(ecx));
  return r;
}

}  // namespace exitledger::guest
