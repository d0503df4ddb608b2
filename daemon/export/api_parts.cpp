// SPDX-License-Identifier: MIT
#include "export/api_parts.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace exitledger::api {

ApiAnswer error(int status, const std::string& text) { return {status, nlohmann::ordered_json{{"error", text}}}; }

Result<unsigned> number(const ApiParameters& parameters, const std::string& name, unsigned fallback, unsigned low,
                        unsigned high) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return fallback;
  const std::string& text = found->second;
  unsigned value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value < low || value > high)
    return fail("parse parameter", name, fmt::format("'{}' is no whole number from {} to {}", text, low, high));
  return value;
}

std::string text(const ApiParameters& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

Result<RecordedRun> recorded_run(const ApiParameters& parameters) {
  const auto run_number = number(parameters, "number", 0, 0, 1'000'000);
  if (!run_number) return tl::unexpected{run_number.error()};
  const auto words = [&](const char* name) { return valid_utf8(text(parameters, name), kLongestCommand); };
  RecordedRun run;
  run.command = words("command");
  run.experiment = words("experiment");
  run.mode = words("mode");
  run.number = *run_number;
  return run;
}

}  // namespace exitledger::api
