// SPDX-License-Identifier: MIT
// Expected bytes: GNU as, --32.
#include "microvm/code.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace exitledger {
namespace {

using enum Register;

std::string hex(const Code& code) {
  std::string text;
  for (const std::byte byte : code.bytes()) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

struct Case {
  const char* assembly;
  std::function<void(Code&)> emit;
  const char* bytes;
};

TEST(Code, EveryInstructionHasTheBytesOfTheAssembler) {
  const Case cases[] = {
      {"mov $0x12345678,%esi", [](Code& c) { c.mov(kEsi, 0x12345678); }, "be78563412"},
      {"mov 4(%esi),%ecx", [](Code& c) { c.load(kEcx, kEsi, 4); }, "8b4e04"},
      {"mov -8(%ebp),%eax", [](Code& c) { c.load(kEax, kEbp, -8); }, "8b45f8"},
      {"mov %edx,12(%edi)", [](Code& c) { c.store(kEdi, 12, kEdx); }, "89570c"},
      {"add $16,%edi", [](Code& c) { c.add(kEdi, 16); }, "83c710"},
      {"add $-1,%eax", [](Code& c) { c.add(kEax, -1); }, "83c0ff"},
      {"dec %ebp", [](Code& c) { c.dec(kEbp); }, "4d"},
      {"cpuid", [](Code& c) { c.cpuid(); }, "0fa2"},
      {"hlt", [](Code& c) { c.hlt(); }, "f4"},
      {"nop", [](Code& c) { c.nop(); }, "90"},
      {"pause", [](Code& c) { c.pause(); }, "f390"},
      {"vmcall", [](Code& c) { c.vmcall(); }, "0f01c1"},
      {"vmmcall", [](Code& c) { c.vmmcall(); }, "0f01d9"},
      {"in $0xe9,%al", [](Code& c) { c.in(0xE9); }, "e4e9"},
      {"out %al,$0x80", [](Code& c) { c.out(0x80); }, "e680"},
      {"rdmsr", [](Code& c) { c.rdmsr(); }, "0f32"},
      {"wrmsr", [](Code& c) { c.wrmsr(); }, "0f30"},
      {"rdpmc", [](Code& c) { c.rdpmc(); }, "0f33"},
      {"invd", [](Code& c) { c.invd(); }, "0f08"},
      {"wbinvd", [](Code& c) { c.wbinvd(); }, "0f09"},
      {"xsetbv", [](Code& c) { c.xsetbv(); }, "0f01d1"},
      {"invlpg (%ebx)", [](Code& c) { c.invlpg(kEbx); }, "0f013b"},
      {"mov %cr0,%eax", [](Code& c) { c.read_control(kEax, 0); }, "0f20c0"},
      {"mov %ebx,%cr3", [](Code& c) { c.write_control(3, kEbx); }, "0f22db"},
      {"mov %db7,%ecx", [](Code& c) { c.read_debug(kEcx, 7); }, "0f21f9"},
      {"mov %eax,%db0", [](Code& c) { c.write_debug(0, kEax); }, "0f23c0"},
  };
  for (const auto& test : cases) {
    Code code;
    test.emit(code);
    EXPECT_EQ(hex(code), test.bytes) << test.assembly;
  }
}

TEST(Code, JumpsCountFromTheNextInstruction) {
  Code code;
  const auto top = code.here();
  code.nop().jump(top);
  EXPECT_EQ(hex(code), "90e9faffffff");
  code.dec(kEcx).jump_if_not_zero(top);
  EXPECT_EQ(hex(code), "90e9faffffff490f85f3ffffff");
}

}  // namespace
}  // namespace exitledger
