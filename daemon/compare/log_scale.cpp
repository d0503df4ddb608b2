// SPDX-License-Identifier: MIT
#include "compare/log_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace exitledger {
namespace {

struct Unit {
  double size;
  std::string_view name;
};

template <std::size_t N>
std::string label(double value, const std::array<Unit, N>& units) {
  // Powers of ten are not exact as logarithms have them.
  constexpr double kSlack = 1 + 1e-9;
  for (const Unit& unit : units)
    if (value * kSlack >= unit.size) return fmt::format("{:.0f}{}", value / unit.size, unit.name);
  return fmt::format("{:g}", value);
}

}  // namespace

LogScale::LogScale(double low, double high) : low_(std::log10(low)), high_(std::max(std::log10(high), low_ + 1)) {}

double LogScale::percent(double value) const {
  if (value <= 0) return 0;
  return std::clamp(100 * (std::log10(value) - low_) / (high_ - low_), 0.0, 100.0);
}

std::vector<LogScale::Tick> LogScale::ticks(int labels) const {
  const int first = static_cast<int>(std::ceil(low_ - 1e-9)), last = static_cast<int>(std::floor(high_ + 1e-9));
  const int step = std::max(0, last - first) / labels + 1;  // of last - first + 1 ticks
  std::vector<Tick> ticks;
  for (int exponent = first; exponent <= last; ++exponent) {
    const double value = std::pow(10.0, exponent);
    ticks.push_back({value, percent(value), (exponent - first) % step == 0});
  }
  return ticks;
}

std::string count_label(double count) {
  constexpr std::array<Unit, 5> kUnits{{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}};
  return label(count, kUnits);
}

std::string duration_label(double ns) {
  constexpr std::array<Unit, 4> kUnits{{{1e9, " s"}, {1e6, " ms"}, {1e3, " us"}, {1, " ns"}}};
  return label(ns, kUnits);
}

}  // namespace exitledger
