// SPDX-License-Identifier: MIT
#include "witness/exit_records.h"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>
#include <utility>

namespace exitledger {
namespace {

Result<std::uint64_t> tracepoint_id(const std::filesystem::path& tracefs) {
  const std::filesystem::path path = tracefs / "events/kvm/kvm_exit/id";
  std::ifstream file(path);
  if (!file) return fail_errno("open", path.string(), "tracefs must be mounted and kvm loaded");
  std::uint64_t id = 0;
  if (!(file >> id)) return fail("read", path.string(), "it holds no number");
  return id;
}

// nullopt: the CPU is not online.
Result<std::optional<UniqueFd>> counter_on(std::uint64_t tracepoint, std::uint32_t cpu) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.size = sizeof(attributes);
  attributes.config = tracepoint;
  const int every_thread = -1, no_group = -1;
  UniqueFd fd{static_cast<int>(::syscall(SYS_perf_event_open, &attributes, every_thread, static_cast<int>(cpu),
                                         no_group, PERF_FLAG_FD_CLOEXEC))};
  if (!fd && errno == ENODEV) return std::optional<UniqueFd>{};
  if (!fd) return fail_errno("perf_event_open", fmt::format("kvm:kvm_exit on CPU {}", cpu));
  return std::optional{std::move(fd)};
}

}  // namespace

Result<ExitRecords> ExitRecords::open(const std::filesystem::path& tracefs, std::uint32_t cpus) {
  const auto id = tracepoint_id(tracefs);
  if (!id) return tl::unexpected(id.error());
  ExitRecords records;
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    auto counter = counter_on(*id, cpu);
    if (!counter) return tl::unexpected(counter.error());
    if (*counter) records.counters_.push_back(std::move(**counter));
  }
  return records;
}

}  // namespace exitledger
