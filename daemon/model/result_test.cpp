// SPDX-License-Identifier: MIT
#include "model/result.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace exitledger {
namespace {

TEST(Result, MessageIsOneLineOfOperationObjectAndCause) {
  EXPECT_EQ((Error{"open", "/dev/kvm", ENOENT, ""}.message()), "open /dev/kvm: No such file or directory");
  EXPECT_EQ((Error{"open", "/dev/kvm", ENOENT, "load kvm_intel"}.message()),
            "open /dev/kvm: No such file or directory (load kvm_intel)");
  EXPECT_EQ((Error{"parse", "--count", 0, "must be above 0"}.message()), "parse --count: must be above 0");
  EXPECT_EQ((Error{"KVM_CREATE_VM", "", EBUSY, ""}.message()), "KVM_CREATE_VM: Device or resource busy");
}

TEST(Result, FailErrnoTakesTheErrnoOfTheCall) {
  errno = EPERM;
  const Result<int> result = fail_errno("KVM_ENABLE_CAP", "VM");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, EPERM);
  EXPECT_EQ(result.error().operation, "KVM_ENABLE_CAP");
}

TEST(Result, FailTakesADetailAndNoErrno) {
  errno = EPERM;
  const Result<int> result = fail("read", "leaf", "not patched");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, 0);
  EXPECT_EQ(result.error().message(), "read leaf: not patched");
}

}  // namespace
}  // namespace exitledger
