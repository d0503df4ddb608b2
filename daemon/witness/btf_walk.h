// SPDX-License-Identifier: MIT
// Where fields stand in structures that BTF describes: by name, with existence checks, never by kernel version.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include "model/result.h"

struct btf;  // libbpf

namespace exitledger {

struct BtfDeleter {
  void operator()(btf* types) const;
};
using BtfPtr = std::unique_ptr<btf, BtfDeleter>;

/// Names of members, from the outermost structure inwards.
using BtfPath = std::initializer_list<const char*>;

/// BTF of one module on top of the kernel's; the kernel's own if the module is built in.
struct BtfSource {
  BtfPtr own;
  const btf* types = nullptr;
  std::filesystem::path path;  ///< of the file, for people

  /// `dir`: of the BTF files. Error: the module's is there and is none.
  [[nodiscard]] static Result<BtfSource> open(const std::filesystem::path& dir, std::string_view module, btf* kernel);

  /// Byte offset of a field if it is there, begins on a byte and has one of `sizes`, in bytes. Of an array the size of
  /// an element counts. Members of anonymous structures and unions are found as well.
  [[nodiscard]] std::optional<std::uint32_t> offset(const char* structure, BtfPath names,
                                                    std::initializer_list<std::int64_t> sizes) const;
  /// Value of an enumerator.
  [[nodiscard]] std::optional<std::uint32_t> enumerator(const char* enumeration, std::string_view name) const;
  /// Whether the function is there to be attached to.
  [[nodiscard]] bool has_function(const char* name) const;
  /// How many arguments a tracepoint hands over (typedef btf_trace_NAME, which the kernel makes for each).
  [[nodiscard]] std::optional<std::uint32_t> tracepoint_arguments(const char* name) const;
};

/// "find FIELD: not in FILE"
[[nodiscard]] Failure not_in(const BtfSource& source, std::string_view field);

}  // namespace exitledger
