// SPDX-License-Identifier: MIT
// Memory of the micro guest that does one row of the calibration, then asks the leaf what it counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "calibration/row.h"
#include "microvm/leaf_program.h"
#include "microvm/machine.h"
#include "model/leaf_abi.h"
#include "model/result.h"

namespace exitledger {

/// Flat 32-bit code from the first byte: the row's turns, one CPUID per question, the end. #UD and #GP skip the
/// instruction that raised them; no other exception is expected. Besides what the row does, the guest causes one exit
/// per question, one for the end, and those that its paging mode needs for memory touched first.
class CalibrationGuest {
 public:
  /// `turns` is not 0, and at most kFreshPages if the row touches fresh pages; `questions` may be empty.
  CalibrationGuest(std::uint32_t base, const CalibrationRow& row, std::uint32_t turns,
                   std::span<const CpuidQuery> questions);

  /// Most turns of a row with fresh_pages.
  static constexpr std::uint32_t kFreshPages = 1024;

  [[nodiscard]] std::size_t memory_bytes() const { return memory_bytes_; }
  void load_into(std::span<std::byte> memory) const;
  /// Descriptor tables of this memory, and CR4.OSXSAVE if the row wants it; after Machine::set_cpuid().
  [[nodiscard]] Result<void> prepare(Machine& machine) const;
  /// Where the questions begin.
  [[nodiscard]] std::uint32_t questions() const { return questions_; }
  /// Where RIP stands once the guest is done.
  [[nodiscard]] std::uint32_t end() const { return end_; }
  /// In the order of the questions, once it is done.
  [[nodiscard]] std::vector<leaf::Registers> answers_in(std::span<const std::byte> memory) const;

 private:
  std::vector<std::byte> image_;  // code, tables, questions
  std::size_t tables_, answers_, count_, memory_bytes_;
  std::uint32_t base_, questions_, end_;
  bool xsave_;
};

}  // namespace exitledger
