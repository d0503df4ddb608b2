// SPDX-License-Identifier: MIT
// /dev/kvm: what can be asked without a VM.
#pragma once

#include <string>

#include "base/unique_fd.h"
#include "model/result.h"

namespace exitledger {

/// An open /dev/kvm. It pins the vendor module as long as it lives: hold it no longer than a reading.
class KvmDevice {
 public:
  /// Errors: those of open(2) (ENOENT, ENODEV: no vendor module), ENOTTY if it is another device, no errno if it
  /// speaks another API version than 12 (the only one since 2007).
  [[nodiscard]] static Result<KvmDevice> open(const std::string& path);

  /// KVM_CHECK_EXTENSION: 0 if this KVM does not know the capability.
  [[nodiscard]] Result<int> check_extension(unsigned long capability) const;
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  explicit KvmDevice(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace exitledger
