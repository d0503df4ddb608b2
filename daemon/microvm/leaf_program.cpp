// SPDX-License-Identifier: MIT
#include "microvm/leaf_program.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace exitledger {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kCodeBytes = 64;  // room for the code; the queries follow
static_assert(sizeof(CpuidQuery) == 8 && sizeof(leaf::Registers) == 16, "the code steps by these");

}  // namespace

void append_questions(Code& code, std::uint32_t queries, std::uint32_t results, std::uint32_t count) {
  using enum Register;
  if (count == 0) return;
  code.mov(kEsi, queries).mov(kEdi, results).mov(kEbp, count);  // CPUID overwrites the other four
  const auto next_query = code.here();
  code.load(kEax, kEsi, 0).load(kEcx, kEsi, 4).cpuid();
  code.store(kEdi, 0, kEax).store(kEdi, 4, kEbx).store(kEdi, 8, kEcx).store(kEdi, 12, kEdx);
  code.add(kEsi, 8).add(kEdi, 16).dec(kEbp).jump_if_not_zero(next_query);
}

LeafProgram::LeafProgram(std::uint32_t base, std::span<const CpuidQuery> queries) : count_(queries.size()) {
  assert(!queries.empty());
  image_.resize(kCodeBytes + queries.size_bytes());
  const auto query_address = static_cast<std::uint32_t>(base + kCodeBytes);
  const auto result_address = static_cast<std::uint32_t>(base + image_.size());
  Code code;
  append_questions(code, query_address, result_address, static_cast<std::uint32_t>(count_));
  code.hlt();
  assert(code.bytes().size() <= kCodeBytes);
  std::ranges::copy(code.bytes(), image_.begin());
  std::ranges::copy(std::as_bytes(queries), image_.begin() + kCodeBytes);
}

std::size_t LeafProgram::memory_bytes() const {
  return (image_.size() + count_ * sizeof(leaf::Registers) + kPage - 1) / kPage * kPage;
}

void LeafProgram::load_into(std::span<std::byte> memory) const {
  assert(memory.size() >= memory_bytes());
  std::ranges::copy(image_, memory.begin());
}

std::vector<leaf::Registers> LeafProgram::answers_in(std::span<const std::byte> memory) const {
  assert(memory.size() >= memory_bytes());
  std::vector<leaf::Registers> answers(count_);
  std::memcpy(answers.data(), memory.data() + image_.size(), count_ * sizeof(leaf::Registers));
  return answers;
}

}  // namespace exitledger
