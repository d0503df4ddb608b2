// SPDX-License-Identifier: MIT
// What answers of the leaves mean, without asking. Private to the leaf witness.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/result.h"
#include "witness/leaf.h"

namespace exitledger {

/// KVM_CHECK_EXTENSION's answer: 0 is an unpatched KVM; an Error if it speaks another ABI version than ours.
[[nodiscard]] Result<LeafSupport> support_from(int extension);

/// True if a query that has no answer of zeros got one: the leaves are switched off (exit_leaf=off), or are not there.
/// Zeros from the others say "has not happened"; so a batch begins and ends with one that cannot, lest a change in its
/// middle pass for counts that fell. A leaf that is switched off and on again within one batch is not seen.
[[nodiscard]] bool switched_off(std::span<const LeafAnswer> answers);

/// Error of a host whose KVM is patched but does not answer.
[[nodiscard]] Failure off_failure();

/// Questions about the host, in the order that host_from() wants their answers in.
[[nodiscard]] std::vector<LeafQuery> host_queries();
/// Everything but the table of reasons; `entries` gets its length. Errors: no signature, another version.
[[nodiscard]] Result<LeafHost> host_from(std::span<const LeafAnswer> answers, std::uint32_t& entries);

/// Questions for the table of defined reasons, between two for the flags.
[[nodiscard]] std::vector<LeafQuery> table_queries(std::uint32_t entries);
/// Error if an entry is refused, is no 16-bit number or came before.
[[nodiscard]] Result<std::vector<std::uint16_t>> table_from(std::span<const LeafAnswer> answers);

}  // namespace exitledger
