// SPDX-License-Identifier: MIT
#include "witness/kvm_stats.h"

#include <linux/kvm.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <vector>

#include "base/unique_fd.h"
#include "microvm/ioctl.h"

namespace exitledger {
namespace {

constexpr const char* kObject = "KVM's statistics";

Result<std::vector<char>> read_at(int fd, std::size_t bytes, std::uint32_t offset) {
  std::vector<char> data(bytes);
  const ssize_t got = pread(fd, data.data(), bytes, offset);
  if (got < 0) return fail_errno("pread", kObject);
  if (static_cast<std::size_t>(got) != bytes) return fail("pread", kObject, "it ends before its own header says so");
  return data;
}

}  // namespace

Result<KvmStats> read_kvm_stats(int fd) {
  const auto opened = kvm_ioctl(fd, KVM_GET_STATS_FD, "KVM_GET_STATS_FD");
  if (!opened) return tl::unexpected{opened.error()};
  const UniqueFd stats(*opened);
  kvm_stats_header header{};
  const auto head = read_at(stats.get(), sizeof header, 0);
  if (!head) return tl::unexpected{head.error()};
  std::memcpy(&header, head->data(), sizeof header);

  // The structure ends in its name, whose length the header says.
  const std::size_t stride = flexible::kStatsHead + header.name_size;
  const auto descriptors = read_at(stats.get(), stride * header.num_desc, header.desc_offset);
  if (!descriptors) return tl::unexpected{descriptors.error()};
  KvmStats values;
  for (std::size_t i = 0; i < header.num_desc; ++i) {
    const char* at = descriptors->data() + i * stride;
    kvm_stats_desc descriptor{};
    std::memcpy(&descriptor, at, flexible::kStatsHead);
    if (descriptor.size != 1) continue;
    const auto value = read_at(stats.get(), sizeof(std::uint64_t), header.data_offset + descriptor.offset);
    if (!value) return tl::unexpected{value.error()};
    const char* name = at + flexible::kStatsHead;
    std::memcpy(&values[std::string(name, strnlen(name, header.name_size))], value->data(), sizeof(std::uint64_t));
  }
  return values;
}

}  // namespace exitledger
