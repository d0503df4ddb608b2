// SPDX-License-Identifier: MIT
// Owner of a memory mapping.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <span>
#include <utility>

#include "model/result.h"

namespace exitledger {

/// Unmaps what it owns. Empty after a move.
class Mapping {
 public:
  /// Private zeroed memory, every page present (a page that comes late would add a fault to a count), no huge pages.
  /// `bytes` is a multiple of the page size.
  [[nodiscard]] static Result<Mapping> anonymous(std::size_t bytes);
  /// Shared mapping of a file from its start, readable and, unless said otherwise, writable (PROT_*).
  [[nodiscard]] static Result<Mapping> of_file(int fd, std::size_t bytes, int protection = PROT_READ | PROT_WRITE);

  Mapping() = default;
  ~Mapping() { unmap(); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Mapping& operator=(Mapping&& other) noexcept;

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

 private:
  explicit Mapping(std::span<std::byte> bytes) : bytes_(bytes) {}
  void unmap() noexcept;

  std::span<std::byte> bytes_;
};

}  // namespace exitledger
