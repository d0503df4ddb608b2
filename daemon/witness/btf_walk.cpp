// SPDX-License-Identifier: MIT
#include "witness/btf_walk.h"

#include <bpf/btf.h>
#include <fmt/format.h>

#include <string>
#include <utility>

namespace exitledger {
namespace {

namespace fs = std::filesystem;

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

const btf_type* by_name(const btf* types, const char* name, std::uint32_t kind) {
  const auto id = btf__find_by_name_kind(types, name, kind);
  return id < 0 ? nullptr : btf__type_by_id(types, static_cast<std::uint32_t>(id));
}

std::optional<Place> walk(const btf* types, const char* structure, BtfPath path) {
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

}  // namespace

void BtfDeleter::operator()(btf* types) const { btf__free(types); }

Result<BtfSource> BtfSource::open(const fs::path& dir, std::string_view module, btf* kernel) {
  const fs::path path = dir / module;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return BtfSource{nullptr, kernel, dir / "vmlinux"};
  BtfPtr own(btf__parse_split(path.c_str(), kernel));
  if (!own) return fail_errno("parse BTF", path.string());
  const btf* types = own.get();
  return BtfSource{std::move(own), types, path};
}

std::optional<std::uint32_t> BtfSource::offset(const char* structure, BtfPath names,
                                               std::initializer_list<std::int64_t> sizes) const {
  const auto place = walk(types, structure, names);
  if (!place || place->bits % 8 != 0) return std::nullopt;
  std::uint32_t id = strip(types, place->type);
  // An array is read at its first element.
  if (const btf_type* type = btf__type_by_id(types, id); type && btf_is_array(type)) id = btf_array(type)->type;
  const std::int64_t size = btf__resolve_size(types, id);
  for (const std::int64_t allowed : sizes)
    if (size == allowed) return place->bits / 8;
  return std::nullopt;
}

std::optional<std::uint32_t> BtfSource::enumerator(const char* enumeration, std::string_view name) const {
  const btf_type* const type = by_name(types, enumeration, BTF_KIND_ENUM);
  if (!type) return std::nullopt;
  const auto* const values = btf_enum(type);
  for (std::uint32_t i = 0; i < btf_vlen(type); ++i) {
    const char* found = btf__name_by_offset(types, values[i].name_off);
    if (found && name == found) return static_cast<std::uint32_t>(values[i].val);
  }
  return std::nullopt;
}

bool BtfSource::has_function(const char* name) const { return by_name(types, name, BTF_KIND_FUNC) != nullptr; }

std::optional<std::uint32_t> BtfSource::tracepoint_arguments(const char* name) const {
  const btf_type* const alias = by_name(types, fmt::format("btf_trace_{}", name).c_str(), BTF_KIND_TYPEDEF);
  if (!alias) return std::nullopt;
  const btf_type* const pointer = btf__type_by_id(types, strip(types, alias->type));
  if (!pointer || !btf_is_ptr(pointer)) return std::nullopt;
  const btf_type* const function = btf__type_by_id(types, strip(types, pointer->type));
  if (!function || !btf_is_func_proto(function) || btf_vlen(function) == 0) return std::nullopt;
  return btf_vlen(function) - 1U;  // the first is the tracepoint's own
}

Failure not_in(const BtfSource& source, std::string_view field) {
  return fail("find", std::string(field), fmt::format("not in {}", source.path.string()));
}

}  // namespace exitledger
