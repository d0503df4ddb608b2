// SPDX-License-Identifier: MIT
// Where the fields that the probe reads stand in the running kernel's structures: from BTF files, which all may read.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "exitledger.h"
#include "model/paging.h"
#include "model/result.h"

struct btf;  // libbpf

namespace exitledger {

struct BtfDeleter {
  void operator()(btf* types) const;
};

/// The kernel's own types, kept for as long as the probe is attached (some 6 MB): to parse them again at each load of
/// the vendor module would take longer than the load.
class KernelTypes {
 public:
  /// Parses `sys`/kernel/btf/vmlinux. Error: no BTF.
  [[nodiscard]] static Result<KernelTypes> open(const std::filesystem::path& sys);

  /// Reads the BTF of kvm and of the vendor's module as they are loaded now. A module without a file of its own is
  /// taken to be built in: its types are sought in vmlinux. Without `vendor`, the vendor's fields stay 0 (not known).
  /// Errors: a structure or field that is not there; members are found by name, never by kernel version.
  [[nodiscard]] Result<el_layout> layout(std::optional<Vendor> vendor) const;

 private:
  KernelTypes(std::filesystem::path dir, std::unique_ptr<btf, BtfDeleter> base)
      : dir_(std::move(dir)), base_(std::move(base)) {}
  std::filesystem::path dir_;
  std::unique_ptr<btf, BtfDeleter> base_;
};

}  // namespace exitledger
