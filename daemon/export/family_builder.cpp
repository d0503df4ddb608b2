// SPDX-License-Identifier: MIT
#include "export/family_builder.h"

#include <cmath>
#include <cstdint>

#include "model/units.h"

namespace exitledger {
namespace {}  // namespace

prometheus::ClientMetric::Histogram to_histogram(const DurationHistogram& durations) {
  prometheus::ClientMetric::Histogram histogram;
  histogram.sample_sum = static_cast<double>(durations.sum_ns) / kNsPerSecond<double>;
  histogram.bucket.reserve(durations.bucket.size());
  for (std::size_t i = 0; i < durations.bucket.size(); ++i) {
    histogram.sample_count += durations.bucket[i];
    // The last bucket is open: the serialiser writes le="+Inf" from the count.
    if (i + 1 == durations.bucket.size()) break;
    const double bound = std::ldexp(1.0, static_cast<int>(EL_DURATION_SHIFT + i)) / kNsPerSecond<double>;
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  return histogram;
}

}  // namespace exitledger
