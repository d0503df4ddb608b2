// SPDX-License-Identifier: MIT
// The program as a shell runs it.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace exitledger::cli {

struct Ran {
  int status = -1;
  std::string output;
};

/// Runs a shell script; "$exitledger" is the program, "$d" an empty directory.
inline Ran shell(const std::string& script) {
  const std::string whole = "exitledger=" EXITLEDGER_PROGRAM "\nd=$(mktemp -d)\ntrap 'rm -rf \"$d\"' EXIT\n" + script;
  std::FILE* const pipe = ::popen(whole.c_str(), "r");  // NOLINT(cert-env33-c): a shell is what this is about
  if (pipe == nullptr) return {};
  Ran ran;
  std::array<char, 512> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    ran.output.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

}  // namespace exitledger::cli
