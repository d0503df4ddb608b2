// SPDX-License-Identifier: MIT
#include "witness/libbpf_log.h"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <string_view>
#include <utility>

namespace exitledger {
namespace {

struct Kept {
  std::string first;     // what failed
  std::string verifier;  // why, if the verifier said so
};
thread_local Kept kept;

constexpr std::string_view kLogBegin = "-- BEGIN PROG LOAD LOG --\n", kLogEnd = "-- END PROG LOAD LOG --";

/// The line in which the verifier says what it refuses: the last before "processed N insns".
std::string verdict_of(std::string_view log) {
  std::string_view last;
  while (!log.empty()) {
    const auto end = log.find('\n');
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    if (line.starts_with("processed ") || line.starts_with(kLogEnd)) break;
    if (!line.empty()) last = line;
  }
  return std::string(last);
}

void keep(std::string_view text) {
  if (const auto begin = text.find(kLogBegin); begin != std::string_view::npos) {
    kept.verifier = verdict_of(text.substr(begin + kLogBegin.size()));
    return;
  }
  if (!kept.first.empty()) return;
  if (text.starts_with("libbpf: ")) text.remove_prefix(8);
  kept.first = text.substr(0, text.find('\n'));
}

int print(libbpf_print_level level, const char* format, std::va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  std::va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return 0;
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  (void)std::vsnprintf(text.data(), text.size(), format, arguments);
  text.pop_back();
  keep(text);
  return length;
}

}  // namespace

void silence_libbpf() { libbpf_set_print(print); }

std::string take_libbpf_warning() {
  const Kept taken = std::exchange(kept, {});
  return taken.verifier.empty() ? taken.first : taken.first + "; " + taken.verifier;
}

}  // namespace exitledger
