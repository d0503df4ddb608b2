// SPDX-License-Identifier: MIT
#include "cli/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.h"

namespace exitledger::cli {
namespace {

Result<std::string> read_all(int fd, const std::string& name) {
  std::string text;
  std::array<char, 65'536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read", name);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMostInput)
      return fail("read", name, fmt::format("is longer than {} bytes, which nothing that belongs here is", kMostInput));
  }
}

}  // namespace

Result<std::string> read_input(const std::string& path) {
  if (path == "-") return read_all(STDIN_FILENO, "standard input");
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return fail_errno("open", path);
  return read_all(fd.get(), path);
}

std::string input_name(const std::string& path) { return path == "-" ? "standard input" : path; }

Error within(const std::string& name, Error error) {
  error.object = name + ", " + error.object;
  return error;
}

}  // namespace exitledger::cli
