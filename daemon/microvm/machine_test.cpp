// SPDX-License-Identifier: MIT
#include "microvm/machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "microvm/code.h"
#include "microvm/kvm_test_support.h"

namespace exitledger {
namespace {

using enum Register;
using std::chrono::milliseconds;

constexpr std::uint32_t kBase = 0x1000;

Result<Machine> machine_with(const KvmDevice& device, const Code& code) {
  auto machine = Machine::create(device, {.base = kBase});
  if (!machine) return machine;
  std::ranges::copy(code.bytes(), machine->memory().begin());
  if (const auto added = machine->add_vcpu(kBase); !added) return Failure(added.error());
  return machine;
}

Result<VmExit> run(Machine& machine, std::chrono::nanoseconds time = std::chrono::seconds(10)) {
  const auto limit = RunLimit::arm(time);
  if (!limit) return Failure(limit.error());
  return machine.run(*limit);
}

TEST(KvmDevice, AbsentDeviceAndOtherDeviceAreErrorsThatSayWhich) {
  const auto absent = KvmDevice::open("/nonexistent/kvm");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ENOENT);
  EXPECT_EQ(absent.error().object, "/nonexistent/kvm");
  const auto other = KvmDevice::open("/dev/null");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ENOTTY);
  EXPECT_EQ(other.error().operation, "KVM_GET_API_VERSION");
}

TEST(VmExit, EveryKindHasWords) {
  EXPECT_EQ(describe(vmexit::Halted{}), "HLT");
  EXPECT_EQ(describe(vmexit::TimedOut{}), "time limit");
  EXPECT_EQ(describe(vmexit::Shutdown{}), "triple fault");
  EXPECT_EQ(describe(vmexit::PortIo{.is_write = true, .port = 128, .size = 1, .count = 1, .data = {}}),
            "OUT to port 128");
  EXPECT_EQ(describe(vmexit::Other{.kvm_reason = 99}), "KVM exit reason 99");
}

TEST(Machine, HaltComesToUserSpaceAndTheGuestGoesOnBehindIt) {
  EXITLEDGER_NEED_KVM(device);
  Code code;
  code.mov(kEbx, 7).hlt().add(kEbx, 1).hlt();
  auto machine = machine_with(device, code);
  ASSERT_TRUE(machine) << machine.error().message();
  for (const std::uint64_t expected : {7u, 8u}) {
    const auto exit = run(*machine);
    ASSERT_TRUE(exit) << exit.error().message();
    ASSERT_TRUE(std::holds_alternative<vmexit::Halted>(*exit)) << describe(*exit);
    EXPECT_EQ(machine->registers()->rbx, expected);
  }
}

TEST(Machine, PortIoCarriesItsData) {
  EXITLEDGER_NEED_KVM(device);
  Code code;
  code.mov(kEax, 0x5A).out(0x10).in(0x20).out(0x30).hlt();
  auto machine = machine_with(device, code);
  ASSERT_TRUE(machine) << machine.error().message();

  auto exit = run(*machine);
  ASSERT_TRUE(exit && std::holds_alternative<vmexit::PortIo>(*exit));
  auto io = std::get<vmexit::PortIo>(*exit);
  EXPECT_TRUE(io.is_write);
  EXPECT_EQ(io.port, 0x10);
  ASSERT_EQ(io.data.size(), 1u);
  EXPECT_EQ(io.data[0], std::byte{0x5A});

  exit = run(*machine);
  ASSERT_TRUE(exit && std::holds_alternative<vmexit::PortIo>(*exit));
  io = std::get<vmexit::PortIo>(*exit);
  EXPECT_FALSE(io.is_write);
  io.data[0] = std::byte{0xC3};

  exit = run(*machine);
  ASSERT_TRUE(exit && std::holds_alternative<vmexit::PortIo>(*exit));
  EXPECT_EQ(std::get<vmexit::PortIo>(*exit).data[0], std::byte{0xC3});
}

TEST(Machine, TouchingWhatIsNoMemoryIsMmio) {
  EXITLEDGER_NEED_KVM(device);
  Code code;
  code.mov(kEsi, 0x40000000).mov(kEax, 0x11223344).store(kEsi, 4, kEax).hlt();
  auto machine = machine_with(device, code);
  ASSERT_TRUE(machine) << machine.error().message();
  const auto exit = run(*machine);
  ASSERT_TRUE(exit && std::holds_alternative<vmexit::Mmio>(*exit)) << (exit ? describe(*exit) : "");
  const auto access = std::get<vmexit::Mmio>(*exit);
  EXPECT_TRUE(access.is_write);
  EXPECT_EQ(access.address, 0x40000004u);
  EXPECT_EQ(access.data.size(), 4u);
}

TEST(Machine, AGuestThatNeverExitsIsEndedByTheLimitAndCanGoOn) {
  EXITLEDGER_NEED_KVM(device);
  Code code;
  code.jump(code.here());
  auto machine = machine_with(device, code);
  ASSERT_TRUE(machine) << machine.error().message();
  for (int round = 0; round < 2; ++round) {
    const auto before = std::chrono::steady_clock::now();
    const auto exit = run(*machine, milliseconds(30));
    ASSERT_TRUE(exit) << exit.error().message();
    EXPECT_TRUE(std::holds_alternative<vmexit::TimedOut>(*exit)) << describe(*exit);
    EXPECT_GE(std::chrono::steady_clock::now() - before, milliseconds(30));
  }
}

TEST(Machine, CapabilityThatKvmDoesNotKnowIsAnErrorWithItsName) {
  EXITLEDGER_NEED_KVM(device);
  auto machine = Machine::create(device, {});
  ASSERT_TRUE(machine) << machine.error().message();
  const auto done = machine->enable_capability(0x7FFFFFFF, 1);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().operation, "KVM_ENABLE_CAP");
  EXPECT_EQ(done.error().code, EINVAL);
}

}  // namespace
}  // namespace exitledger
