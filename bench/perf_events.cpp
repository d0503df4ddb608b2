// SPDX-License-Identifier: MIT
#include "perf_events.h"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "microvm/mapping.h"
#include "model/exit_reason.h"
#include "witness/module.h"

namespace exitledger::bench {
namespace {

constexpr const char* kEvents = "/sys/kernel/tracing/events/kvm/";
constexpr std::size_t kRingPages = 128;  // perf record's default

Result<std::uint64_t> tracepoint_id(const std::string& name) {
  std::ifstream file{kEvents + name + "/id"};
  std::uint64_t id = 0;
  if (!(file >> id)) return fail_errno("read", kEvents + name + "/id", "is tracefs mounted?");
  return id;
}

class Events : public Attachment {
 public:
  /// On every CPU that is online. `samples`: each occurrence goes into a ring.
  Result<void> open(const std::string& name, const std::string& filter, bool samples) {
    const auto id = tracepoint_id(name);
    if (!id) return tl::unexpected{id.error()};
    perf_event_attr attr{};
    attr.type = PERF_TYPE_TRACEPOINT;
    attr.size = sizeof(attr);
    attr.config = *id;
    attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    if (samples) {
      attr.sample_period = 1;
      attr.sample_type =
          PERF_SAMPLE_RAW | PERF_SAMPLE_TIME | PERF_SAMPLE_TID | PERF_SAMPLE_CPU | PERF_SAMPLE_IP | PERF_SAMPLE_PERIOD;
      attr.write_backward = 1;  // a full ring goes on, as if its reader kept up
    }
    for (int cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); ++cpu)
      if (auto done = open_on(attr, cpu, filter, samples); !done) return done;
    return {};
  }

 private:
  Result<void> open_on(perf_event_attr& attr, int cpu, const std::string& filter, bool samples) {
    UniqueFd fd{static_cast<int>(syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC))};
    if (!fd) return fail_errno("perf_event_open", "kvm");
    if (!filter.empty() && ioctl(fd.get(), PERF_EVENT_IOC_SET_FILTER, filter.c_str()) != 0)
      return fail_errno("PERF_EVENT_IOC_SET_FILTER", filter);
    if (samples) {
      const std::size_t bytes = (kRingPages + 1) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
      auto ring = Mapping::of_file(fd.get(), bytes, PROT_READ);
      if (!ring) return tl::unexpected{ring.error()};
      rings_.push_back(std::move(*ring));
    }
    fds_.push_back(std::move(fd));
    return {};
  }

  std::vector<UniqueFd> fds_;
  std::vector<Mapping> rings_;  // go before the descriptors
};

Result<std::unique_ptr<Attachment>> opened(const std::function<Result<void>(Events&)>& open) {
  auto events = std::make_unique<Events>();
  if (auto done = open(*events); !done) return tl::unexpected{done.error()};
  return events;
}

}  // namespace

Result<std::unique_ptr<Attachment>> counting_event() {
  return opened([](Events& events) { return events.open("kvm_exit", "", false); });
}

Result<std::unique_ptr<Attachment>> kvm_stat_events() {
  const auto modules = read_modules("/sys");
  if (!modules) return tl::unexpected{modules.error()};
  if (!modules->vendor) return fail("read", "/sys/module", "no KVM vendor module is loaded");
  return opened([&](Events& events) -> Result<void> {
    if (auto done = events.open("kvm_exit", "", false); !done) return done;
    for (const ReasonInfo& reason : defined_reasons(*modules->vendor))
      if (auto done = events.open("kvm_exit", fmt::format("exit_reason=={}", reason.number), false); !done) return done;
    return {};
  });
}

Result<std::unique_ptr<Attachment>> recording_events() {
  return opened([](Events& events) -> Result<void> {
    if (auto done = events.open("kvm_exit", "", true); !done) return done;
    return events.open("kvm_entry", "", true);
  });
}

}  // namespace exitledger::bench
