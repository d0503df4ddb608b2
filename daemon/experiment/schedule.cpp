// SPDX-License-Identifier: MIT
#include "experiment/schedule.h"

#include <fmt/format.h>

#include <map>
#include <numeric>

namespace exitledger {
namespace {

using Milliseconds = std::chrono::milliseconds;

struct Mean {
  Milliseconds sum{0};
  long runs = 0;
  [[nodiscard]] Milliseconds value() const { return runs == 0 ? Milliseconds{0} : sum / runs; }
};

}  // namespace

std::vector<PlannedRun> interleaved(const std::vector<std::string>& modes, unsigned repeat) {
  std::vector<PlannedRun> plan;
  for (unsigned number = 1; number <= repeat; ++number)
    for (const std::string& mode : modes) plan.push_back({mode, number});
  return plan;
}

std::chrono::seconds time_left(const std::vector<PlannedRun>& plan, const std::vector<Milliseconds>& done) {
  std::map<std::string, Mean> by_mode;
  Mean all;
  for (std::size_t i = 0; i < done.size(); ++i)
    for (Mean* mean : {&by_mode[plan[i].mode], &all}) {
      mean->sum += done[i];
      ++mean->runs;
    }
  Milliseconds left{0};
  for (std::size_t i = done.size(); i < plan.size(); ++i) {
    const auto known = by_mode.find(plan[i].mode);
    left += known == by_mode.end() ? all.value() : known->second.value();
  }
  return std::chrono::ceil<std::chrono::seconds>(left);
}

std::string about(std::chrono::seconds duration) {
  if (duration < std::chrono::minutes{2}) return fmt::format("{} s", duration.count());
  const auto minutes = std::chrono::round<std::chrono::minutes>(duration).count();
  return minutes < 60 ? fmt::format("{} min", minutes) : fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace exitledger
