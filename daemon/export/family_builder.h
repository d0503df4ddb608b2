// SPDX-License-Identifier: MIT
// Builds one prometheus::MetricFamily from its entry in the catalogue.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "export/catalogue.h"
#include "model/sample.h"

namespace exitledger {

using Families = std::vector<prometheus::MetricFamily>;

/// Log2 buckets in seconds with cumulative counts; the exact sum; the count is the sum of the buckets.
[[nodiscard]] prometheus::ClientMetric::Histogram to_histogram(const DurationHistogram& durations);

/// A family under construction. That each series has as many label values as the catalogue has labels is checked by
/// the compiler; that no two series have the same ones is the caller's business.
template <const FamilyInfo& kInfo>
class FamilyBuilder {
 public:
  /// One counter or gauge; label values in the catalogue's order.
  template <typename Number, typename... Values>
  void add(Number value, const Values&... values) {
    static_assert(kInfo.kind != family::kHistogram);
    prometheus::ClientMetric& metric = series(values...);
    if constexpr (kInfo.kind == family::kCounter) {
      metric.counter.value = static_cast<double>(value);
    } else {
      metric.gauge.value = static_cast<double>(value);
    }
  }

  template <typename... Values>
  void add_histogram(const DurationHistogram& durations, const Values&... values) {
    static_assert(kInfo.kind == family::kHistogram);
    series(values...).histogram = to_histogram(durations);
  }

  /// Hands the family over; one without series is left out (absent, not empty).
  void append_to(Families& families) && {
    if (metrics_.empty()) return;
    families.push_back({std::string{kInfo.name}, std::string{kInfo.help}, kInfo.kind, std::move(metrics_)});
  }

 private:
  template <typename... Values>
  prometheus::ClientMetric& series(const Values&... values) {
    static_assert(sizeof...(Values) == kInfo.label_count());
    prometheus::ClientMetric& metric = metrics_.emplace_back();
    metric.label.reserve(sizeof...(Values));
    [[maybe_unused]] std::size_t next = 0;
    (metric.label.push_back({std::string{kInfo.labels[next++]}, valid_utf8(values)}), ...);
    return metric;
  }

  std::vector<prometheus::ClientMetric> metrics_;
};

}  // namespace exitledger
