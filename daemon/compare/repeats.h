// SPDX-License-Identifier: MIT
// What repeated measurements of one figure say together: order statistics, which assume nothing of how it is
// distributed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace exitledger {

/// The method below in words, for whoever reads a result.
inline constexpr std::string_view kIntervalMethod =
    "95 % confidence interval of the median by order statistics, distribution-free";

/// Below that many repeats no two order statistics enclose the median with a probability of 95 %.
inline constexpr std::size_t kRepeatsForInterval = 6;

/// Ranks, from 1, of the two order statistics that enclose the median with a probability of at least 95 %: the pair
/// closest together that lies symmetrically.
struct MedianRanks {
  std::size_t low = 0, high = 0;
  double coverage = 0;  ///< that probability: 1 - 2 P(Binomial(n, 1/2) < low); exact unless values tie, then the least
};

/// nullopt below kRepeatsForInterval.
[[nodiscard]] std::optional<MedianRanks> median_ranks(std::size_t n);

template <typename T>
struct MedianInterval {
  T low{}, high{};
  double coverage = 0;  ///< as of MedianRanks

  friend bool operator==(const MedianInterval&, const MedianInterval&) = default;
};

/// One figure over repeats. T: std::uint64_t or std::int64_t.
template <typename T>
struct Spread {
  std::size_t n = 0;
  T median{};  ///< of an even number the mean of the middle two, a half rounded up: 0 never hides a 1
  T min{}, max{};
  std::optional<MedianInterval<T>> interval;  ///< of the median; nullopt below kRepeatsForInterval

  friend bool operator==(const Spread&, const Spread&) = default;
};

/// All zero without values.
template <typename T>
[[nodiscard]] Spread<T> spread_of(std::vector<T> values);

extern template Spread<std::uint64_t> spread_of(std::vector<std::uint64_t>);
extern template Spread<std::int64_t> spread_of(std::vector<std::int64_t>);

/// Median of figures that are no counts; nullopt without any.
[[nodiscard]] std::optional<double> median_of(std::vector<double> values);

}  // namespace exitledger
