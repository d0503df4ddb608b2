// SPDX-License-Identifier: MIT
#include "experiment/vendor_module.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "base/utf8.h"
#include "experiment/command.h"
#include "witness/module.h"
#include "witness/process.h"

namespace exitledger {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kPoll{100};

std::string first_line(const fs::path& path) {
  std::ifstream file{path};
  std::string line;
  std::getline(file, line);
  return line;
}

KvmHolder holder_in(const fs::path& process, std::uint32_t pid, bool has_vm) {
  KvmHolder holder{pid, has_vm, {}};
  if (const auto names = vm_names(process.parent_path(), pid)) holder.name = valid_utf8(names->name);
  if (holder.name.empty()) holder.name = valid_utf8(first_line(process / "comm"));
  return holder;
}

// Whether the process holds KVM, and a VM of it.
std::optional<bool> holds_kvm(const fs::path& process) {
  std::error_code error;
  std::optional<bool> found;
  for (fs::directory_iterator each{process / "fd", error}, end; !error && each != end; each.increment(error)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(each->path(), gone).string();
    if (target == "anon_inode:kvm-vm") return true;
    if (target == "/dev/kvm") found = false;
  }
  return found;
}

Result<void> unload(const fs::path& sys, Vendor vendor, std::optional<std::chrono::milliseconds> patience) {
  const std::string name{module_name(vendor)};
  if (!fs::exists(sys / "module" / name)) return {};
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    if (syscall(SYS_delete_module, name.c_str(), O_NONBLOCK) == 0) return {};
    const int code = errno;
    const bool enough = patience && std::chrono::steady_clock::now() - begin >= *patience;
    if ((code != EWOULDBLOCK && code != EBUSY) || enough) {
      const auto holders = kvm_holders("/proc");
      return fail("unload", name, holders.empty() ? "" : "held by " + describe(holders), code);
    }
    std::this_thread::sleep_for(kPoll);
  }
}

Result<void> load(Vendor vendor, const Parameters& parameters) {
  std::vector<std::string> words{"modprobe", std::string{module_name(vendor)}};
  for (const auto& [name, value] : parameters) words.push_back(fmt::format("{}={}", name, value));
  auto command = Command::start(words, {}, Command::Group::kOwn);
  if (!command) return tl::unexpected{command.error()};
  const auto status = command->wait();
  if (!status) return tl::unexpected{status.error()};
  if (*status != 0) return fail("load", quoted(words), fmt::format("status {}", *status));
  return {};
}

}  // namespace

std::vector<KvmHolder> kvm_holders(const fs::path& proc) {
  std::vector<KvmHolder> holders;
  std::error_code error;
  for (fs::directory_iterator each{proc, error}, end; !error && each != end; each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos || name == std::to_string(getpid())) continue;
    if (const auto has_vm = holds_kvm(each->path()))
      holders.push_back(holder_in(each->path(), static_cast<std::uint32_t>(std::stoul(name)), *has_vm));
  }
  return holders;
}

std::string describe(const std::vector<KvmHolder>& holders) {
  std::string text;
  for (const KvmHolder& each : holders)
    text +=
        (text.empty() ? "" : ", ") + (each.has_vm ? fmt::format("VM '{}' (process {})", each.name, each.pid)
                                                  : fmt::format("/dev/kvm in process {} ({})", each.pid, each.name));
  return text;
}

Result<Parameters> parameters_of(const fs::path& sys, Vendor vendor) {
  auto modules = read_modules(sys);
  if (!modules) return tl::unexpected{modules.error()};
  const std::string prefix = std::string{module_name(vendor)} + ".";
  Parameters parameters;
  for (const auto& [name, value] : modules->parameters)
    if (name.starts_with(prefix)) parameters[name.substr(prefix.size())] = value;
  if (parameters.empty()) return fail("read the parameters of", std::string{module_name(vendor)}, "it is not loaded");
  return parameters;
}

Result<Parameters> reload(const fs::path& sys, Vendor vendor, const Parameters& parameters,
                          std::optional<std::chrono::milliseconds> patience) {
  if (auto unloaded = unload(sys, vendor, patience); !unloaded) return tl::unexpected{unloaded.error()};
  if (auto loaded = load(vendor, parameters); !loaded) {
    // A host with other parameters is better than one without the module.
    if (!parameters.empty()) static_cast<void>(load(vendor, {}));
    return tl::unexpected{loaded.error()};
  }
  return parameters_of(sys, vendor);
}

std::string paging_parameter(Vendor vendor) { return vendor == Vendor::kVmx ? "ept" : "npt"; }

Result<Parameters> mode_parameters(Vendor vendor, Paging mode) {
  const std::string name = paging_parameter(vendor);
  if (mode == Paging::kShadow) return Parameters{{name, "0"}};
  if (mode == (vendor == Vendor::kVmx ? Paging::kEpt : Paging::kNpt)) return Parameters{{name, "1"}};
  return fail("use paging mode", std::string{to_string(mode)},
              fmt::format("{} has {} and shadow", module_name(vendor), name));
}

}  // namespace exitledger
