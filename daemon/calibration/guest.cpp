// SPDX-License-Identifier: MIT
#include "calibration/guest.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace exitledger {
namespace {

using enum Register;

constexpr std::size_t kPage = 4096;
constexpr unsigned kInvalidOpcode = 6, kGeneralProtection = 13;
constexpr std::size_t kVectors = 32;
constexpr std::uint16_t kCodeSelector = 0x08;
constexpr std::uint64_t kCr4Osxsave = 1U << 18;
// Null, then the flat segments that the machine starts with: IRET loads CS from here (SDM vol. 3, "Segment
// Descriptors").
constexpr std::array<std::uint64_t, 3> kGdt{0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF};
constexpr std::size_t kIdtOffset = kGdt.size() * sizeof(std::uint64_t);
constexpr std::size_t kTableBytes = kIdtOffset + kVectors * sizeof(std::uint64_t);

struct Parts {
  Code code;
  std::uint32_t questions = 0, end = 0, invalid_opcode = 0, general_protection = 0;  // offsets
};

std::uint32_t offset_of(const Code& code) { return static_cast<std::uint32_t>(code.here().offset); }

// Rows with fresh pages: `fresh` is the first of them.
Parts assemble(const CalibrationRow& row, std::uint32_t turns, std::uint32_t fresh, std::uint32_t questions,
               std::uint32_t answers, std::uint32_t count) {
  Parts parts;
  Code& code = parts.code;
  if (row.fresh_pages) code.mov(kEsi, fresh);
  if (row.real_mode) {
    code.append(row.turn);
  } else {
    code.append(row.before).mov(kEbp, turns);
    const auto turn = code.here();
    code.append(row.turn).dec(kEbp).jump_if_not_zero(turn);
  }
  parts.questions = offset_of(code);
  append_questions(code, questions, answers, count);
  row.done == Done::kHalt ? code.hlt() : code.out(kDonePort);
  parts.end = offset_of(code);
  code.jump(code.here());
  parts.invalid_opcode = offset_of(code);
  code.add_at_stack_top(static_cast<std::int8_t>(row.skipped_at_fault)).iret();
  parts.general_protection = offset_of(code);
  code.add(kEsp, sizeof(std::uint32_t));  // the error code
  code.add_at_stack_top(static_cast<std::int8_t>(row.skipped_at_fault)).iret();
  return parts;
}

// 32-bit interrupt gate (SDM vol. 3, "IDT Descriptors").
std::uint64_t gate(std::uint32_t handler) {
  return (handler & 0xFFFFU) | std::uint64_t{kCodeSelector} << 16 | std::uint64_t{0x8E00} << 32 |
         std::uint64_t{handler & 0xFFFF0000U} << 32;
}

std::array<std::byte, kTableBytes> tables(std::uint32_t base, const CalibrationRow& row, const Parts& parts) {
  std::array<std::uint64_t, kTableBytes / sizeof(std::uint64_t)> words{};
  std::ranges::copy(kGdt, words.begin());
  if (row.skipped_at_fault != 0) {
    words[kGdt.size() + kInvalidOpcode] = gate(base + parts.invalid_opcode);
    words[kGdt.size() + kGeneralProtection] = gate(base + parts.general_protection);
  }
  std::array<std::byte, kTableBytes> bytes{};
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

constexpr std::size_t whole_pages(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

}  // namespace

CalibrationGuest::CalibrationGuest(std::uint32_t base, const CalibrationRow& row, std::uint32_t turns,
                                   std::span<const CpuidQuery> questions)
    : count_(questions.size()), base_(base), xsave_(row.xsave) {
  assert(turns != 0);
  // Code's length does not depend on the addresses in it.
  const auto count = static_cast<std::uint32_t>(count_);
  const std::size_t code_bytes = assemble(row, turns, 0, 0, 0, count).code.bytes().size();
  tables_ = (code_bytes + 15) / 16 * 16;
  const std::size_t question_offset = tables_ + kTableBytes;
  answers_ = question_offset + questions.size_bytes();
  const std::size_t fresh = whole_pages(answers_ + count_ * sizeof(leaf::Registers));
  // The last page is the stack.
  memory_bytes_ = fresh + (row.fresh_pages ? kFreshPages * kPage : 0) + kPage;
  const auto at = [base](std::size_t offset) { return static_cast<std::uint32_t>(base + offset); };
  const Parts parts = assemble(row, turns, at(fresh), at(question_offset), at(answers_), count);
  questions_ = base + parts.questions;
  end_ = base + parts.end;
  image_.resize(answers_);
  std::ranges::copy(parts.code.bytes(), image_.begin());
  std::ranges::copy(tables(base, row, parts), image_.begin() + static_cast<std::ptrdiff_t>(tables_));
  std::ranges::copy(std::as_bytes(questions), image_.begin() + static_cast<std::ptrdiff_t>(question_offset));
}

void CalibrationGuest::load_into(std::span<std::byte> memory) const {
  assert(memory.size() >= memory_bytes_);
  std::ranges::copy(image_, memory.begin());
}

Result<void> CalibrationGuest::prepare(Machine& machine) const {
  auto registers = machine.special_registers();
  if (!registers) return Failure(registers.error());
  registers->gdt.base = base_ + tables_;
  registers->gdt.limit = kIdtOffset - 1;
  registers->idt.base = base_ + tables_ + kIdtOffset;
  registers->idt.limit = kVectors * sizeof(std::uint64_t) - 1;
  if (xsave_) registers->cr4 |= kCr4Osxsave;
  return machine.set_special_registers(*registers);
}

std::vector<leaf::Registers> CalibrationGuest::answers_in(std::span<const std::byte> memory) const {
  assert(memory.size() >= memory_bytes_);
  std::vector<leaf::Registers> answers(count_);
  std::ranges::copy(memory.subspan(answers_, count_ * sizeof(leaf::Registers)),
                    std::as_writable_bytes(std::span(answers)).begin());
  return answers;
}

}  // namespace exitledger
