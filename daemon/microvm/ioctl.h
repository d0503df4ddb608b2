// SPDX-License-Identifier: MIT
// One ioctl, its failure as a value.
#pragma once

#include <linux/kvm.h>

#include <cstddef>
#include <cstdint>

#include "model/result.h"

namespace exitledger {

/// Requests whose structure ends in a flexible array. Their number holds the structure's size, and the headers of Linux
/// 6.1 and up give such a structure another size in C++ than in C (__DECLARE_FLEX_ARRAY: an empty struct takes a byte
/// there), so that KVM_SET_SIGNAL_MASK and its like are EINVAL from C++. What follows the head starts at its end.
namespace flexible {
inline constexpr std::size_t kSignalMaskHead = 4;  ///< len
inline constexpr std::size_t kCpuidHead = 8;       ///< nent, padding
inline constexpr std::size_t kStatsHead = 16;      ///< flags to bucket_size of struct kvm_stats_desc; its name follows
inline constexpr unsigned long kSetSignalMask = _IOW(KVMIO, 0x8b, std::uint32_t);
inline constexpr unsigned long kSetCpuid2 = _IOW(KVMIO, 0x90, std::uint64_t);
}  // namespace flexible

/// ioctl(fd, request, argument). Errors carry `name` (the request, as KVM's documentation spells it) and errno.
/// EINTR is an error like any other: only KVM_RUN knows what it means.
[[nodiscard]] Result<int> kvm_ioctl(int fd, unsigned long request, const char* name, unsigned long argument = 0);
[[nodiscard]] Result<int> kvm_ioctl(int fd, unsigned long request, const char* name, void* argument);

}  // namespace exitledger
