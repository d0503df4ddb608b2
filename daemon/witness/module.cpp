// SPDX-License-Identifier: MIT
#include "witness/module.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <system_error>

namespace exitledger {
namespace {

namespace fs = std::filesystem;

/// First line of a file; nullopt if it cannot be read.
std::optional<std::string> line_of(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) return std::nullopt;
  return line;
}

bool present(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

void add_parameters(const fs::path& modules, std::string_view module, std::map<std::string, std::string>& to) {
  std::error_code error;
  for (fs::directory_iterator at(modules / module / "parameters", error), end; !error && at != end;
       at.increment(error)) {
    if (auto value = line_of(at->path())) to[std::string(module) + "." + at->path().filename().string()] = *value;
  }
}

/// A loadable module is in service once its init has passed. One that is built in has no state; its directory is there
/// even if its init refused the CPU, but then there is no /dev/kvm.
bool in_service(const fs::path& sys, std::string_view name) {
  const fs::path module = sys / "module" / name;
  if (!present(module)) return false;
  if (const auto state = line_of(module / "initstate")) return *state == "live";
  return present(sys / "class/misc/kvm");
}

/// The first that is in service and that nobody here knows.
std::string other_vendor(const fs::path& sys) {
  constexpr std::string_view kLike = "kvm_";
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(sys / "module", error), end; !error && at != end; at.increment(error))
    if (const std::string name = at->path().filename().string(); name.starts_with(kLike)) names.insert(name);
  for (const Vendor known : kVendors) names.erase(std::string{module_name(known)});
  const auto found = std::ranges::find_if(names, [&](const std::string& name) { return in_service(sys, name); });
  return found == names.end() ? "" : *found;
}

/// Name of the parameter that turns second-level paging on.
std::string_view paging_parameter(Vendor vendor) { return vendor == Vendor::kVmx ? "ept" : "npt"; }

Result<std::optional<Paging>> paging_of(const fs::path& sys, Vendor vendor) {
  const fs::path path = sys / "module" / module_name(vendor) / "parameters" / paging_parameter(vendor);
  const auto value = line_of(path);
  if (!value) return std::optional<Paging>{};
  if (*value == "Y" || *value == "1") return vendor == Vendor::kVmx ? Paging::kEpt : Paging::kNpt;
  if (*value == "N" || *value == "0") return Paging::kShadow;
  return fail("parse", path.string(), "neither Y nor N: " + *value);
}

}  // namespace

Result<ModuleState> read_modules(const fs::path& sys) {
  const fs::path modules = sys / "module";
  std::error_code error;
  if (!fs::is_directory(modules, error)) {
    return fail("read", modules.string(), error ? "" : "not a directory", error.value());
  }
  ModuleState state;
  state.kvm = present(modules / "kvm");
  add_parameters(modules, "kvm", state.parameters);
  for (const Vendor vendor : kVendors) {
    if (!in_service(sys, module_name(vendor))) continue;
    auto paging = paging_of(sys, vendor);
    if (!paging) return tl::unexpected(paging.error());
    state.vendor = vendor;
    state.paging = *paging;
    add_parameters(modules, module_name(vendor), state.parameters);
    break;
  }
  if (state.kvm && !state.vendor) state.other = other_vendor(sys);
  return state;
}

bool is_loadable(const fs::path& sys, Vendor vendor) {
  return line_of(sys / "module" / module_name(vendor) / "initstate").has_value();
}

bool is_held(const fs::path& sys, Vendor vendor) {
  return line_of(sys / "module" / module_name(vendor) / "refcnt") != "0";
}

}  // namespace exitledger
