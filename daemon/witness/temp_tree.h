// SPDX-License-Identifier: MIT
// For tests: a directory tree that is gone when the test ends.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace exitledger {

class TempTree {
 public:
  TempTree() {
    std::string name = (std::filesystem::temp_directory_path() / "exitledger-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp " + name);
    root_ = name;
  }
  TempTree(const TempTree&) = delete;
  TempTree& operator=(const TempTree&) = delete;
  ~TempTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return root_; }

  void write(const std::filesystem::path& file, std::string_view content) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream out(root_ / file, std::ios::binary);
    if (!out.write(content.data(), static_cast<std::streamsize>(content.size())))
      throw std::runtime_error("write " + (root_ / file).string());
  }

 private:
  std::filesystem::path root_;
};

}  // namespace exitledger
