// SPDX-License-Identifier: MIT
// The leaf witness: asks the exit-count leaves through a micro guest that lives for one call.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/leaf_abi.h"
#include "model/result.h"

namespace exitledger {

struct LeafQuery {
  std::uint32_t eax = 0, ecx = 0;
};
struct LeafAnswer {
  LeafQuery query;
  leaf::Registers registers;
};

/// Whether this host has the leaves, found without a guest.
enum class LeafSupport : std::uint8_t { kPatched, kUnpatched, kNoKvm };

struct LeafOptions {
  std::string device = "/dev/kvm";
};

/// KVM_CHECK_EXTENSION(0x4FFFFFFE). kNoKvm: the device is absent or no vendor module is loaded (ENOENT, ENODEV).
[[nodiscard]] Result<LeafSupport> leaf_support(const LeafOptions& options);

/// Asks the queries in order in one micro guest, made and destroyed within the call (an open VM pins the vendor
/// module). With `cpu`, the calling thread is pinned to that CPU for the call and its affinity restored. The VM is let
/// in to all scopes that CAP_PERFMON allows; a leaf that is refused comes back as the refused answer, not as an error.
/// Exits that the micro guest causes: one CPUID per query, one HLT, and what the paging mode needs to touch its memory.
[[nodiscard]] Result<std::vector<LeafAnswer>> ask_leaf(const LeafOptions& options, std::span<const LeafQuery> queries,
                                                       std::optional<unsigned> cpu);

/// What kInfo says about this host; an Error if the signature is not there.
struct LeafHost {
  std::uint32_t version = 0;
  leaf::Flags flags;
  std::uint64_t epoch = 0;             ///< host's instance number; 0 if scope 3 is refused
  std::vector<std::uint16_t> reasons;  ///< the table of defined reasons, pseudo-reasons included
};
/// How queries reach a guest: ask_leaf() with its options bound, or a caller's own that also books the exits.
using AskLeaf = std::function<Result<std::vector<LeafAnswer>>(std::span<const LeafQuery>)>;
[[nodiscard]] Result<LeafHost> leaf_host(const AskLeaf& ask);

}  // namespace exitledger
