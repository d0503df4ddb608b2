// SPDX-License-Identifier: MIT
#include "experiment/module_file.h"

#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <utility>

#include "experiment/command.h"

namespace exitledger {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kNote = ".note.gnu.build-id";

/// What a command of the shell prints; error: its status, with what it printed.
Result<std::string> output_of(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "r");  // NOLINT(cert-env33-c): no word of it is a stranger's
  if (pipe == nullptr) return fail_errno("run", command);
  std::string text;
  std::array<char, 4096> part{};
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), size);
  const int status = ::pclose(pipe);
  if (status == 0) return text;
  if (status < 0) return fail_errno("wait for", command);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return fail("run", command, text.empty() ? fmt::format("wait status {}", status) : text);
}

/// The note of an ELF file, whole; empty if it has none.
std::string note_of(Elf* elf) {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return {};
  for (Elf_Scn* each = elf_nextscn(elf, nullptr); each != nullptr; each = elf_nextscn(elf, each)) {
    GElf_Shdr header;
    if (gelf_getshdr(each, &header) == nullptr) continue;
    const char* const name = elf_strptr(elf, names, header.sh_name);
    if (name == nullptr || name != kNote) continue;
    const Elf_Data* const data = elf_rawdata(each, nullptr);
    if (data != nullptr) return {static_cast<const char*>(data->d_buf), data->d_size};
  }
  return {};
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// What is in the file, decompressed as kmod does by the file's name; empty if that cannot be had.
std::string module_in(const fs::path& file) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kPrograms{
      {{".xz", "xz"}, {".zst", "zstd"}, {".gz", "gzip"}}};
  const auto* const found =
      std::ranges::find(kPrograms, file.extension().string(), [](const auto& each) { return each.first; });
  if (found == kPrograms.end()) return bytes_of(file);
  return output_of(quoted({std::string{found->second}, "-dcq", "--", file.string()}) + " 2>/dev/null")
      .value_or(std::string{});
}

std::string note_in(const fs::path& file) {
  elf_version(EV_CURRENT);
  std::string bytes = module_in(file);
  const std::unique_ptr<Elf, decltype(&elf_end)> elf{elf_memory(bytes.data(), bytes.size()), elf_end};
  return elf == nullptr ? std::string{} : note_of(elf.get());
}

// "…/kvm-intel.ko.xz" is kvm_intel's: the two characters are one to modprobe.
bool is_of(const std::string& file, std::string_view module) {
  std::string name = fs::path{file}.filename().string();
  name = name.substr(0, name.find('.'));
  std::replace(name.begin(), name.end(), '-', '_');
  return name == module;
}

}  // namespace

std::string file_of(std::string_view dependencies, std::string_view module) {
  std::istringstream lines{std::string{dependencies}};
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words{line};
    std::string verb;
    std::string file;
    if (words >> verb >> file && verb == "insmod" && is_of(file, module)) return file;
  }
  return {};
}

ModuleFile compare_build_ids(const fs::path& sys, std::string_view module, std::string file) {
  using Match = ModuleFile::Match;
  const std::string loaded = bytes_of(sys / "module" / module / "notes" / kNote);
  if (loaded.empty()) return {std::move(file), Match::kUnknown, "the module that is loaded tells no build ID"};
  const std::string found = note_in(file);
  if (found.empty()) return {file, Match::kUnknown, file + " has no build ID that can be read"};
  return {std::move(file), found == loaded ? Match::kSame : Match::kOther, {}};
}

Result<ModuleFile> module_file(const fs::path& sys, Vendor vendor) {
  const std::string module{module_name(vendor)};
  const auto dependencies = output_of("modprobe -D " + module + " 2>&1");
  if (!dependencies) return tl::unexpected{dependencies.error()};
  std::string file = file_of(*dependencies, module);
  if (file.empty())
    return ModuleFile{{}, ModuleFile::Match::kUnknown, "modprobe -D " + module + " names no file of its own"};
  return compare_build_ids(sys, module, std::move(file));
}

}  // namespace exitledger
