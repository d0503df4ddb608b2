// SPDX-License-Identifier: MIT
// For tests that need a KVM which runs guests.
#pragma once

#include <gtest/gtest.h>

#include "microvm/kvm_device.h"

// Skips the test, with the reason, where there is no usable /dev/kvm. Declares `device`.
#define EXITLEDGER_NEED_KVM(device)                                                         \
  const auto device##_opened = ::exitledger::KvmDevice::open("/dev/kvm");                   \
  if (!device##_opened) GTEST_SKIP() << "needs KVM: " << device##_opened.error().message(); \
  const ::exitledger::KvmDevice& device = *device##_opened
