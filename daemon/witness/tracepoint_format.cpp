// SPDX-License-Identifier: MIT
#include "witness/tracepoint_format.h"

#include <charconv>
#include <optional>
#include <string>
#include <system_error>

namespace exitledger {
namespace {

constexpr std::string_view kField = "field:", kOffset = "offset:", kSize = "size:";

// The number after `key` in a line of the format.
std::optional<std::uint32_t> number_after(std::string_view line, std::string_view key) {
  const auto at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view digits = line.substr(at + key.size());
  std::uint32_t number = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc{}) return std::nullopt;
  return number;
}

// "unsigned long args[6]" declares args.
std::string_view name_in(std::string_view declaration) {
  declaration = declaration.substr(0, declaration.find('['));
  const auto space = declaration.find_last_of(" *");
  return space == std::string_view::npos ? declaration : declaration.substr(space + 1);
}

std::optional<std::string_view> declaration_in(std::string_view line) {
  const auto at = line.find(kField);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + kField.size());
  return rest.substr(0, rest.find(';'));
}

}  // namespace

std::filesystem::path tracefs() {
  std::error_code ignored;
  const std::filesystem::path own = "/sys/kernel/tracing";
  return std::filesystem::exists(own / "events", ignored) ? own : "/sys/kernel/debug/tracing";
}

Result<std::uint32_t> field_offset(std::string_view format, std::string_view field) {
  constexpr std::uint32_t kWord = 4;
  while (!format.empty()) {
    const std::string_view line = format.substr(0, format.find('\n'));
    format.remove_prefix(std::min(line.size() + 1, format.size()));
    const auto declaration = declaration_in(line);
    if (!declaration || name_in(*declaration) != field) continue;
    const auto offset = number_after(line, kOffset), size = number_after(line, kSize);
    if (!offset || !size || *size < kWord) break;
    return *offset;
  }
  return fail("find", "field " + std::string{field}, "the tracepoint's format has no such word");
}

}  // namespace exitledger
