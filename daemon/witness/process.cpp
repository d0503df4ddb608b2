// SPDX-License-Identifier: MIT
#include "witness/process.h"

#include <fstream>
#include <sstream>
#include <vector>

namespace exitledger {
namespace {

std::vector<std::string_view> words_of(std::string_view cmdline) {
  std::vector<std::string_view> words;
  while (!cmdline.empty()) {
    const auto end = cmdline.find('\0');
    words.push_back(cmdline.substr(0, end));
    if (end == std::string_view::npos) break;
    cmdline.remove_prefix(end + 1);
  }
  return words;
}

// "guest=web-1,debug-threads=on", "web-1,process=x" or "web-1". QEMU writes a comma inside a value as two.
std::string name_from(std::string_view value) {
  std::string first;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == ',' && (i + 1 == value.size() || value[i + 1] != ',')) break;
    if (value[i] == ',') ++i;
    first += value[i];
  }
  constexpr std::string_view kKey = "guest=";
  return first.starts_with(kKey) ? first.substr(kKey.size()) : first;
}

}  // namespace

VmNames vm_names_from_cmdline(std::string_view cmdline) {
  VmNames names;
  const std::vector<std::string_view> words = words_of(cmdline);
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (words[i] == "-name" || words[i] == "--name")
      names.name = name_from(words[++i]);
    else if (words[i] == "-uuid" || words[i] == "--uuid")
      names.uuid = std::string{words[++i]};
  }
  return names;
}

Result<VmNames> vm_names(const std::filesystem::path& proc, std::uint32_t pid) {
  const std::filesystem::path path = proc / std::to_string(pid) / "cmdline";
  std::ifstream file{path, std::ios::binary};
  if (!file) return fail_errno("open", path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return vm_names_from_cmdline(text.str());
}

void VmNameBook::follow(std::span<const VmSample> vms) {
  std::map<std::uint64_t, VmNames> living;
  for (const VmSample& vm : vms) {
    const auto known = names_.find(vm.id);
    living[vm.id] = known != names_.end() ? known->second : vm_names(proc_, vm.tgid).value_or(VmNames{});
  }
  names_ = std::move(living);
}

VmNames VmNameBook::of(std::uint64_t vm_id) const {
  const auto known = names_.find(vm_id);
  return known == names_.end() ? VmNames{} : known->second;
}

}  // namespace exitledger
