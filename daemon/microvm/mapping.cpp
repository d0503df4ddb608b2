// SPDX-License-Identifier: MIT
#include "microvm/mapping.h"

namespace exitledger {

Result<Mapping> Mapping::anonymous(std::size_t bytes) {
  void* const at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return fail_errno("mmap", "guest memory");
  Mapping mapping(std::span(static_cast<std::byte*>(at), bytes));
  // Refused only by kernels that have no huge pages.
  static_cast<void>(::madvise(at, bytes, MADV_NOHUGEPAGE));
  // Writes, unlike MAP_POPULATE's silent best effort.
  for (auto& byte : mapping.bytes_) *const_cast<volatile std::byte*>(&byte) = std::byte{0};
  return mapping;
}

Result<Mapping> Mapping::of_file(int fd, std::size_t bytes, int protection) {
  void* const at = ::mmap(nullptr, bytes, protection, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return fail_errno("mmap", "fd " + std::to_string(fd));
  return Mapping(std::span(static_cast<std::byte*>(at), bytes));
}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    unmap();
    bytes_ = std::exchange(other.bytes_, {});
  }
  return *this;
}

void Mapping::unmap() noexcept {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace exitledger
