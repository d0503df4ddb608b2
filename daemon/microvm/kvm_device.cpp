// SPDX-License-Identifier: MIT
#include "microvm/kvm_device.h"

#include <fcntl.h>
#include <linux/kvm.h>

#include "microvm/ioctl.h"

namespace exitledger {

Result<KvmDevice> KvmDevice::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return fail_errno("open", path);
  const auto version = kvm_ioctl(fd.get(), KVM_GET_API_VERSION, "KVM_GET_API_VERSION");
  if (!version) return fail(version.error().operation, path, "not KVM", version.error().code);
  if (*version != KVM_API_VERSION) {
    return fail("KVM_GET_API_VERSION", path,
                "API version " + std::to_string(*version) + ", want " + std::to_string(KVM_API_VERSION));
  }
  return KvmDevice(std::move(fd));
}

Result<int> KvmDevice::check_extension(unsigned long capability) const {
  return kvm_ioctl(fd_.get(), KVM_CHECK_EXTENSION, "KVM_CHECK_EXTENSION", capability);
}

}  // namespace exitledger
