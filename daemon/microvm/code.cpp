// SPDX-License-Identifier: MIT
#include "microvm/code.h"

#include <cassert>

namespace exitledger {
namespace {

// ModRM.mod: what the r/m field means.
constexpr unsigned kIndirect = 0, kIndirectPlus8 = 1, kRegister = 3;

constexpr unsigned modrm(unsigned mod, unsigned reg, unsigned rm) { return mod << 6 | (reg & 7) << 3 | rm; }
constexpr unsigned number(Register reg) { return static_cast<unsigned>(reg); }
constexpr unsigned byte_of(std::int8_t value) { return static_cast<std::uint8_t>(value); }

}  // namespace

Code& Code::emit(std::initializer_list<unsigned> bytes) {
  for (const unsigned byte : bytes) bytes_.push_back(static_cast<std::byte>(byte));
  return *this;
}

Code& Code::emit32(std::uint32_t value) {
  return emit({value & 0xFF, value >> 8 & 0xFF, value >> 16 & 0xFF, value >> 24});
}

Code& Code::jump_back(std::initializer_list<unsigned> opcode, Label back) {
  emit(opcode);
  const std::size_t next = bytes_.size() + sizeof(std::uint32_t);  // the distance counts from the next instruction
  return emit32(static_cast<std::uint32_t>(back.offset - next));
}

Code& Code::mov(Register to, std::uint32_t value) { return emit({0xB8 + number(to)}).emit32(value); }

Code& Code::load(Register to, Register base, std::int8_t offset) {
  assert(base != Register::kEsp);
  return emit({0x8B, modrm(kIndirectPlus8, number(to), number(base)), byte_of(offset)});
}

Code& Code::store(Register base, std::int8_t offset, Register from) {
  assert(base != Register::kEsp);
  return emit({0x89, modrm(kIndirectPlus8, number(from), number(base)), byte_of(offset)});
}

Code& Code::add(Register to, std::int8_t value) {
  return emit({0x83, modrm(kRegister, 0, number(to)), byte_of(value)});
}
Code& Code::add_long(Register to, std::uint32_t value) {
  return emit({0x81, modrm(kRegister, 0, number(to))}).emit32(value);
}
Code& Code::flip(Register of, std::uint32_t bits) { return emit({0x81, modrm(kRegister, 6, number(of))}).emit32(bits); }
// With ESP as base a SIB byte is needed: 0x24 is ESP alone.
Code& Code::add_at_stack_top(std::int8_t value) { return emit({0x83, modrm(kIndirect, 0, 4), 0x24, byte_of(value)}); }
Code& Code::dec(Register of) { return emit({0x48 + number(of)}); }
Code& Code::jump(Label back) { return jump_back({0xE9}, back); }
Code& Code::jump_if_not_zero(Label back) { return jump_back({0x0F, 0x85}, back); }

Code& Code::cpuid() { return emit({0x0F, 0xA2}); }
Code& Code::hlt() { return emit({0xF4}); }
Code& Code::nop() { return emit({0x90}); }
Code& Code::pause() { return emit({0xF3, 0x90}); }
Code& Code::vmcall() { return emit({0x0F, 0x01, 0xC1}); }
Code& Code::vmmcall() { return emit({0x0F, 0x01, 0xD9}); }
Code& Code::in(std::uint8_t port) { return emit({0xE4, port}); }
Code& Code::out(std::uint8_t port) { return emit({0xE6, port}); }
Code& Code::rdmsr() { return emit({0x0F, 0x32}); }
Code& Code::wrmsr() { return emit({0x0F, 0x30}); }
Code& Code::rdpmc() { return emit({0x0F, 0x33}); }
Code& Code::invd() { return emit({0x0F, 0x08}); }
Code& Code::wbinvd() { return emit({0x0F, 0x09}); }
Code& Code::xsetbv() { return emit({0x0F, 0x01, 0xD1}); }

Code& Code::invlpg(Register address) {
  assert(address != Register::kEsp && address != Register::kEbp);
  return emit({0x0F, 0x01, modrm(kIndirect, 7, number(address))});
}

Code& Code::read_control(Register to, unsigned cr) { return emit({0x0F, 0x20, modrm(kRegister, cr, number(to))}); }
Code& Code::write_control(unsigned cr, Register from) { return emit({0x0F, 0x22, modrm(kRegister, cr, number(from))}); }
Code& Code::read_debug(Register to, unsigned dr) { return emit({0x0F, 0x21, modrm(kRegister, dr, number(to))}); }
Code& Code::write_debug(unsigned dr, Register from) { return emit({0x0F, 0x23, modrm(kRegister, dr, number(from))}); }
Code& Code::ud2() { return emit({0x0F, 0x0B}); }
Code& Code::iret() { return emit({0xCF}); }

Code& Code::encoded(std::span<const std::uint8_t> instruction) {
  for (const std::uint8_t byte : instruction) bytes_.push_back(static_cast<std::byte>(byte));
  return *this;
}

Code& Code::append(const Code& other) {
  bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
  return *this;
}

}  // namespace exitledger
