// SPDX-License-Identifier: MIT
// What answers of the leaves mean, without asking. Private to the leaf witness.
#pragma once

#include <linux/kvm.h>

#include <cstdint>
#include <span>
#include <vector>

#include "model/result.h"
#include "witness/leaf.h"

namespace exitledger {

/// KVM_CHECK_EXTENSION's answer: 0 is an unpatched KVM; an Error if it speaks another ABI version than ours.
[[nodiscard]] Result<LeafSupport> support_from(int extension);

/// The only CPUID entry of the micro guest, and its highest basic leaf. KVM answers a leaf that it does not know with
/// the highest basic leaf (arch/x86/kvm/cpuid.c, get_out_of_range_cpuid_entry(): not for guests that call themselves
/// AMD), so every answer given while exit_leaf is "off" is this entry, and no zero of a count can be one.
[[nodiscard]] kvm_cpuid_entry2 off_mark();
/// True if any answer is the mark.
[[nodiscard]] bool switched_off(std::span<const LeafAnswer> answers);

/// Error of a host whose KVM is patched but does not answer.
[[nodiscard]] Failure off_failure();

/// Questions about the host, in the order that host_from() wants their answers in.
[[nodiscard]] std::vector<LeafQuery> host_queries();
/// Everything but the table of reasons; `entries` gets its length. Errors: no signature, another version.
[[nodiscard]] Result<LeafHost> host_from(std::span<const LeafAnswer> answers, std::uint32_t& entries);

/// Questions for the table of defined reasons.
[[nodiscard]] std::vector<LeafQuery> table_queries(std::uint32_t entries);
/// Error if an entry is refused, is no 16-bit number or came before.
[[nodiscard]] Result<std::vector<std::uint16_t>> table_from(std::span<const LeafAnswer> answers);

}  // namespace exitledger
