// SPDX-License-Identifier: MIT
// 32-bit x86 machine code, one method per instruction that a micro guest needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace exitledger {

/// General registers in the encoding's order (ModRM, Intel SDM vol. 2, table 2-2).
enum class Register : std::uint8_t { kEax = 0, kEcx = 1, kEdx = 2, kEbx = 3, kEsp = 4, kEbp = 5, kEsi = 6, kEdi = 7 };

/// Appends instructions in order. Code is position-independent but for the addresses that the caller loads.
class Code {
 public:
  /// Offset of an instruction from the start of the code: the target of a jump back.
  struct Label {
    std::size_t offset = 0;
  };
  [[nodiscard]] Label here() const { return {bytes_.size()}; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

  Code& mov(Register to, std::uint32_t value);
  Code& load(Register to, Register base, std::int8_t offset = 0);  ///< to = [base + offset]; base is not ESP
  Code& store(Register base, std::int8_t offset, Register from);   ///< [base + offset] = from; base is not ESP
  Code& add(Register to, std::int8_t value);
  Code& add_long(Register to, std::uint32_t value);
  Code& flip(Register of, std::uint32_t bits);  ///< of ^= bits
  Code& add_at_stack_top(std::int8_t value);    ///< [ESP] += value
  Code& dec(Register of);
  Code& jump(Label back);              ///< any distance
  Code& jump_if_not_zero(Label back);  ///< any distance

  Code& cpuid();
  Code& hlt();
  Code& nop();
  Code& pause();
  Code& vmcall();                ///< hypercall on Intel
  Code& vmmcall();               ///< hypercall on AMD
  Code& in(std::uint8_t port);   ///< AL = port
  Code& out(std::uint8_t port);  ///< port = AL
  Code& rdmsr();
  Code& wrmsr();
  Code& rdpmc();
  Code& invd();
  Code& wbinvd();
  Code& xsetbv();
  Code& invlpg(Register address);                    ///< address is not ESP or EBP
  Code& read_control(Register to, unsigned number);  ///< CR0 to CR7
  Code& write_control(unsigned number, Register from);
  Code& read_debug(Register to, unsigned number);  ///< DR0 to DR7
  Code& write_debug(unsigned number, Register from);
  Code& ud2();
  Code& iret();
  /// Any instruction by its encoding: for those that a micro guest uses in one place only.
  Code& encoded(std::span<const std::uint8_t> instruction);
  Code& append(const Code& other);  ///< of jumps in `other` the distance stays right

 private:
  Code& emit(std::initializer_list<unsigned> bytes);
  Code& emit32(std::uint32_t value);
  Code& jump_back(std::initializer_list<unsigned> opcode, Label back);

  std::vector<std::byte> bytes_;
};

}  // namespace exitledger
