// SPDX-License-Identifier: MIT
#include "compare/repeats.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace exitledger {
namespace {

constexpr double kConfidence = 0.95;

/// P(Binomial(n, 1/2) = k), by logarithms: 2^-n is no double any more from n = 1,075 on.
double probability(std::size_t n, std::size_t k) {
  const auto log_factorial = [](std::size_t of) { return std::lgamma(static_cast<double>(of) + 1); };
  return std::exp(log_factorial(n) - log_factorial(k) - log_factorial(n - k) -
                  static_cast<double>(n) * std::numbers::ln2);
}

}  // namespace

std::optional<MedianRanks> median_ranks(std::size_t n) {
  if (n < kRepeatsForInterval) return std::nullopt;
  MedianRanks ranks;
  double below = 0;  // P(Binomial < rank)
  for (std::size_t rank = 1; rank <= n / 2; ++rank) {
    below += probability(n, rank - 1);
    const double coverage = 1 - 2 * below;
    if (coverage < kConfidence) break;
    ranks = {rank, n + 1 - rank, coverage};
  }
  return ranks;
}

template <typename T>
Spread<T> spread_of(std::vector<T> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  Spread<T> spread;
  spread.n = values.size();
  spread.min = values.front();
  spread.max = values.back();
  // std::midpoint rounds towards its first argument.
  spread.median = std::midpoint(values[spread.n / 2], values[(spread.n - 1) / 2]);
  if (const auto ranks = median_ranks(spread.n))
    spread.interval = {values[ranks->low - 1], values[ranks->high - 1], ranks->coverage};
  return spread;
}

template Spread<std::uint64_t> spread_of(std::vector<std::uint64_t>);
template Spread<std::int64_t> spread_of(std::vector<std::int64_t>);

std::optional<double> median_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  return std::midpoint(values[(values.size() - 1) / 2], values[values.size() / 2]);
}

}  // namespace exitledger
