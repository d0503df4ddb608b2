// SPDX-License-Identifier: MIT
// The elements of a BPF_F_MMAPABLE array, mapped: read without a system call, so that no reader disturbs the probe.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "model/result.h"

namespace exitledger {

/// One aligned load, ordered before the reads that follow it. T: an integer of the shared structures.
template <typename T>
[[nodiscard]] T load_shared(const T& from) {
  return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
}

/// One aligned store, ordered after the writes before it.
template <typename T>
void store_shared(T& to, T value) {
  __atomic_store_n(&to, value, __ATOMIC_RELEASE);
}

/// Owns a mapping of `T`s. The kernel lays array elements out at multiples of 8 bytes.
template <typename T>
class MappedArray {
  static_assert(sizeof(T) % 8 == 0);

 public:
  MappedArray() = default;
  MappedArray(MappedArray&& other) noexcept : elements_(std::exchange(other.elements_, {})) {}
  MappedArray& operator=(MappedArray&& other) noexcept {
    std::swap(elements_, other.elements_);  // other unmaps what was here
    return *this;
  }
  MappedArray(const MappedArray&) = delete;
  MappedArray& operator=(const MappedArray&) = delete;
  ~MappedArray() {
    if (!elements_.empty()) ::munmap(elements_.data(), bytes(elements_.size()));
  }

  /// `protection`: PROT_READ, or PROT_READ | PROT_WRITE for what the daemon zeroes.
  [[nodiscard]] static Result<MappedArray> map(int fd, std::size_t count, int protection, const std::string& name) {
    void* const at = ::mmap(nullptr, bytes(count), protection, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return fail_errno("mmap", "BPF map " + name);
    return MappedArray(std::span(static_cast<T*>(at), count));
  }

  [[nodiscard]] std::span<T> elements() const { return elements_; }

 private:
  explicit MappedArray(std::span<T> elements) : elements_(elements) {}
  static std::size_t bytes(std::size_t count) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return (count * sizeof(T) + page - 1) / page * page;
  }

  std::span<T> elements_;
};

}  // namespace exitledger
