// SPDX-License-Identifier: MIT
#include "witness/btf_layout.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "model/stat_sums.h"

namespace exitledger {
namespace {

namespace fs = std::filesystem;

using BtfPtr = std::unique_ptr<btf, BtfDeleter>;
using Path = std::initializer_list<const char*>;

struct Place {
  std::uint32_t bits = 0;  ///< from the start of the outermost structure
  std::uint32_t type = 0;
};

/// The type behind typedefs and qualifiers.
std::uint32_t strip(const btf* types, std::uint32_t id) {
  const btf_type* type = btf__type_by_id(types, id);
  while (type && (btf_is_mod(type) || btf_is_typedef(type))) {
    id = type->type;
    type = btf__type_by_id(types, id);
  }
  return id;
}

/// A member by name, also of the anonymous structures and unions within.
std::optional<Place> member(const btf* types, std::uint32_t id, std::string_view name) {
  const btf_type* type = btf__type_by_id(types, strip(types, id));
  if (!type || !btf_is_composite(type)) return std::nullopt;
  const btf_member* members = btf_members(type);
  for (std::uint32_t i = 0; i < btf_vlen(type); ++i) {
    const char* found = btf__name_by_offset(types, members[i].name_off);
    const Place here{btf_member_bit_offset(type, i), members[i].type};
    if (found && name == found) return here;
    if (found && *found) continue;
    if (const auto inner = member(types, here.type, name)) return Place{here.bits + inner->bits, inner->type};
  }
  return std::nullopt;
}

std::optional<Place> walk(const btf* types, const char* structure, Path path) {
  const auto id = btf__find_by_name_kind(types, structure, BTF_KIND_STRUCT);
  if (id < 0) return std::nullopt;
  Place place{0, static_cast<std::uint32_t>(id)};
  for (const char* name : path) {
    const auto next = member(types, place.type, name);
    if (!next) return std::nullopt;
    place = {place.bits + next->bits, next->type};
  }
  return place;
}

/// Byte offset if the field is there, begins on a byte and has one of the sizes that the probe can read.
std::optional<std::uint32_t> offset(const btf* types, const char* structure, Path path,
                                    std::initializer_list<std::int64_t> sizes) {
  const auto place = walk(types, structure, path);
  if (!place || place->bits % 8 != 0) return std::nullopt;
  std::uint32_t id = strip(types, place->type);
  // An array is read at its first element.
  if (const btf_type* type = btf__type_by_id(types, id); type && btf_is_array(type)) id = btf_array(type)->type;
  const std::int64_t size = btf__resolve_size(types, id);
  for (const std::int64_t allowed : sizes)
    if (size == allowed) return place->bits / 8;
  return std::nullopt;
}

/// BTF of one module on top of the kernel's; the kernel's own if the module is built in.
struct Source {
  BtfPtr own;
  const btf* types = nullptr;
  fs::path path;
};

Result<Source> open_module(const fs::path& dir, std::string_view module, btf* base, const fs::path& base_path) {
  const fs::path path = dir / module;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return Source{nullptr, base, base_path};
  BtfPtr own(btf__parse_split(path.c_str(), base));
  if (!own) return fail_errno("parse BTF", path.string());
  const btf* types = own.get();
  return Source{std::move(own), types, path};
}

Failure missing(std::string_view field, const Source& source) {
  return fail("find", std::string(field), fmt::format("not in {}", source.path.string()));
}

Result<void> read_vcpu(const Source& kvm, el_layout& layout) {
  const auto id = offset(kvm.types, "kvm_vcpu", {"vcpu_id"}, {4});
  if (!id) return missing("kvm_vcpu.vcpu_id", kvm);
  // VCPU_REGS_RAX is the first of the registers (arch/x86/include/asm/kvm_host.h).
  const auto rax = offset(kvm.types, "kvm_vcpu", {"arch", "regs"}, {8});
  if (!rax) return missing("kvm_vcpu.arch.regs", kvm);
  // Without those no vCPU is known to be newborn, and no answer about a VM is judged.
  for (unsigned i = 0; i < EL_STAT_COUNT; ++i)
    layout.vcpu_stat[i] =
        offset(kvm.types, "kvm_vcpu", {"stat", stat_label(static_cast<el_stat>(i)).data()}, {8}).value_or(0);
  layout.kvm_created_vcpus = offset(kvm.types, "kvm", {"created_vcpus"}, {4}).value_or(0);
  layout.vcpu_id = *id;
  layout.vcpu_rax = *rax;
  return {};
}

Result<void> read_vmx(const Source& vendor, el_layout& layout) {
  // exit_reason became a union in 5.11 (8e53324021645), and moved into struct vcpu_vt with TDX.
  auto reason = offset(vendor.types, "vcpu_vmx", {"exit_reason", "full"}, {4});
  if (!reason) reason = offset(vendor.types, "vcpu_vmx", {"vt", "exit_reason", "full"}, {4});
  if (!reason) return missing("vcpu_vmx.exit_reason.full", vendor);
  layout.vmx_exit_reason = *reason;
  return {};
}

Result<void> read_svm(const Source& vendor, el_layout& layout) {
  const auto vmcb = offset(vendor.types, "vcpu_svm", {"vmcb"}, {8});
  if (!vmcb) return missing("vcpu_svm.vmcb", vendor);
  // Four bytes, or eight where exit_code and exit_code_hi are one field: the probe reads the low half.
  const auto code = offset(vendor.types, "vmcb", {"control", "exit_code"}, {4, 8});
  if (!code) return missing("vmcb.control.exit_code", vendor);
  layout.svm_vmcb = *vmcb;
  layout.svm_exit_code = *code;
  return {};
}

}  // namespace

void BtfDeleter::operator()(btf* types) const { btf__free(types); }

Result<KernelTypes> KernelTypes::open(const fs::path& sys) {
  const fs::path dir = sys / "kernel/btf", base_path = dir / "vmlinux";
  BtfPtr base(btf__parse(base_path.c_str(), nullptr));
  if (!base) return fail_errno("parse BTF", base_path.string(), "the kernel needs CONFIG_DEBUG_INFO_BTF");
  return KernelTypes{dir, std::move(base)};
}

Result<el_layout> KernelTypes::layout(std::optional<Vendor> vendor) const {
  const fs::path base_path = dir_ / "vmlinux";
  el_layout layout{};
  const auto name = offset(base_.get(), "module", {"name"}, {1});
  // A kernel without loadable modules has no module to be named.
  layout.module_name = name.value_or(0);

  const auto kvm = open_module(dir_, "kvm", base_.get(), base_path);
  if (!kvm) return tl::unexpected(kvm.error());
  if (auto done = read_vcpu(*kvm, layout); !done) return tl::unexpected(done.error());
  if (!vendor) return layout;

  const auto source = open_module(dir_, module_name(*vendor), base_.get(), base_path);
  if (!source) return tl::unexpected(source.error());
  auto done = *vendor == Vendor::kVmx ? read_vmx(*source, layout) : read_svm(*source, layout);
  if (!done) return tl::unexpected(done.error());
  return layout;
}

}  // namespace exitledger
