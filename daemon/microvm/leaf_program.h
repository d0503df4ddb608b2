// SPDX-License-Identifier: MIT
// The micro guest that asks CPUID leaves: a loop over a table of queries, then HLT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "microvm/code.h"
#include "model/leaf_abi.h"

namespace exitledger {

struct CpuidQuery {
  std::uint32_t eax = 0, ecx = 0;
};

/// Appends the loop that asks: one CPUID per query, its registers to the results. `queries` and `results` are
/// guest-physical; all registers but ESP are overwritten. Nothing for no query.
void append_questions(Code& code, std::uint32_t queries, std::uint32_t results, std::uint32_t count);

/// Guest memory as the program wants it. Code, queries and results follow each other without gaps, so that few queries
/// touch one page and the number of exits stays small and always the same. Natively run it causes, besides those first
/// touches, one CPUID exit per query and one HLT exit.
class LeafProgram {
 public:
  /// For memory at guest-physical address `base`. `queries` is not empty.
  LeafProgram(std::uint32_t base, std::span<const CpuidQuery> queries);

  /// Memory that it needs: a multiple of 4096.
  [[nodiscard]] std::size_t memory_bytes() const;
  /// Copies code and queries to guest memory of that size; execution starts at its first byte.
  void load_into(std::span<std::byte> memory) const;
  /// Answers in the order of the queries, after HLT.
  [[nodiscard]] std::vector<leaf::Registers> answers_in(std::span<const std::byte> memory) const;

 private:
  std::vector<std::byte> image_;  // code and queries; the results follow
  std::size_t count_;
};

}  // namespace exitledger
