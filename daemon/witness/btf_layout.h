// SPDX-License-Identifier: MIT
// Where the fields that the probe reads stand in the running kernel's structures: from BTF files, which all may read.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "exit_detail.h"
#include "exitledger.h"
#include "model/detail.h"
#include "model/paging.h"
#include "model/result.h"
#include "witness/btf_walk.h"

namespace exitledger {

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

  /// Whether a BPF program can take any address for a kernel structure's: bpf_rdonly_cast(), Linux 6.2.
  [[nodiscard]] bool has_typed_reads() const;

  /// Whether kvm has the patch series' leaves, so that a guest can ask for counts: kvm-patch/series/6.1/0005.
  [[nodiscard]] bool has_leaf() const;

  /// What the drill-down into one kind of exit reads; fields that it does not need stay 0. Errors as layout().
  [[nodiscard]] Result<el_detail_layout> detail_layout(Vendor vendor, DetailKind kind) const;

 private:
  KernelTypes(std::filesystem::path dir, BtfPtr base) : dir_(std::move(dir)), base_(std::move(base)) {}
  std::filesystem::path dir_;
  BtfPtr base_;
};

}  // namespace exitledger
