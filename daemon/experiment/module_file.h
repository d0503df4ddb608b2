// SPDX-License-Identifier: MIT
// The file that modprobe(8) would load for KVM's vendor module, and whether the module that is loaded came from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "model/paging.h"
#include "model/result.h"

namespace exitledger {

struct ModuleFile {
  /// By the build ID, the note that ld(1) makes of a module's contents: it outlives strip and signing.
  enum class Match : std::uint8_t { kSame, kOther, kUnknown };
  std::string file;  ///< as modprobe names it
  Match match = Match::kUnknown;
  std::string why;  ///< where `match` is unknown
};

/// What `modprobe -D` (kmod's or busybox') says it would insert. Errors: modprobe cannot be run or knows no such
/// module.
[[nodiscard]] Result<ModuleFile> module_file(const std::filesystem::path& sys, Vendor vendor);

/// Of its output ("insmod FILE PARAMETERS…" by lines), the file of this module; empty if there is none: it is built in,
/// or a command of modprobe.d(5) stands for it.
[[nodiscard]] std::string file_of(std::string_view dependencies, std::string_view module);

/// Compares the note of a file, decompressed if its name ends in .xz, .zst or .gz (by xz, zstd, gzip), with that of the
/// loaded module, <sys>/module/<module>/notes/.note.gnu.build-id.
[[nodiscard]] ModuleFile compare_build_ids(const std::filesystem::path& sys, std::string_view module, std::string file);

}  // namespace exitledger
