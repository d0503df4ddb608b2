// SPDX-License-Identifier: MIT
#include "microvm/ioctl.h"

#include <sys/ioctl.h>

namespace exitledger {

Result<int> kvm_ioctl(int fd, unsigned long request, const char* name, unsigned long argument) {
  const int answer = ::ioctl(fd, request, argument);
  if (answer < 0) return fail_errno(name, "");
  return answer;
}

Result<int> kvm_ioctl(int fd, unsigned long request, const char* name, void* argument) {
  const int answer = ::ioctl(fd, request, argument);
  if (answer < 0) return fail_errno(name, "");
  return answer;
}

}  // namespace exitledger
