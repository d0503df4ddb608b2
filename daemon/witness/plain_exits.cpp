// SPDX-License-Identifier: MIT
#include "witness/plain_exits.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

#include "plain_exits.skel.h"
#include "plain_key.h"
#include "witness/libbpf_log.h"
#include "witness/tracepoint_format.h"

namespace exitledger {
namespace {

Failure fail_libbpf(const char* operation, int negative) {
  return fail(operation, "program on the plain tracepoint", take_libbpf_warning(), -negative);
}

Result<std::string> format_of(const PlainTracepoint& tracepoint) {
  const auto path = tracefs() / "events" / tracepoint.system / tracepoint.name / "format";
  std::ifstream file{path};
  if (!file) return fail_errno("read", path.string(), "is tracefs mounted on /sys/kernel/tracing?");
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

std::uint64_t sum(const std::vector<std::uint64_t>& per_cpu) {
  return std::accumulate(per_cpu.begin(), per_cpu.end(), std::uint64_t{0});
}

}  // namespace

struct PlainWitness::Impl {
  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    bpf_link__destroy(link);
    plain_exits_bpf__destroy(skeleton);
  }
  plain_exits_bpf* skeleton = nullptr;
  bpf_link* link = nullptr;
  std::size_t cpus = 0;  ///< possible ones
};

PlainWitness::PlainWitness(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PlainWitness::~PlainWitness() = default;

Result<std::unique_ptr<PlainWitness>> PlainWitness::attach(const PlainTracepoint& tracepoint) {
  silence_libbpf();
  (void)take_libbpf_warning();
  const auto format = format_of(tracepoint);
  if (!format) return tl::unexpected{format.error()};
  const auto isa = field_offset(*format, tracepoint.isa), reason = field_offset(*format, tracepoint.reason);
  if (!isa) return tl::unexpected{isa.error()};
  if (!reason) return tl::unexpected{reason.error()};
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 1) return fail_libbpf("count CPUs for", cpus);
  auto impl = std::make_unique<Impl>();
  impl->cpus = static_cast<std::size_t>(cpus);
  impl->skeleton = plain_exits_bpf__open();
  if (impl->skeleton == nullptr) return fail_libbpf("open", -errno);
  impl->skeleton->rodata->el_isa_at = *isa;
  impl->skeleton->rodata->el_reason_at = *reason;
  if (const int error = plain_exits_bpf__load(impl->skeleton)) return fail_libbpf("load", error);
  impl->link = bpf_program__attach_tracepoint(impl->skeleton->progs.on_plain_exit, tracepoint.system.c_str(),
                                              tracepoint.name.c_str());
  if (impl->link == nullptr) return fail_libbpf("attach", -errno);
  return std::unique_ptr<PlainWitness>{new PlainWitness{std::move(impl)}};
}

Result<PlainSample> PlainWitness::sample() const {
  PlainSample sample;
  std::vector<std::uint64_t> per_cpu(impl_->cpus);
  const std::uint32_t zero = 0;
  if (bpf_map_lookup_elem(bpf_map__fd(impl_->skeleton->maps.plain_other), &zero, per_cpu.data()) != 0)
    return fail_errno("read", "exits of the plain tracepoint without a row");
  sample.other = sum(per_cpu);
  const int rows = bpf_map__fd(impl_->skeleton->maps.plain_exits);
  el_plain_key key{};
  const el_plain_key* previous = nullptr;
  while (bpf_map_get_next_key(rows, previous, &key) == 0) {
    if (bpf_map_lookup_elem(rows, &key, per_cpu.data()) != 0)
      return fail_errno("read", "exits of the plain tracepoint");
    sample.exits.push_back({key.isa, key.reason, sum(per_cpu)});
    previous = &key;
  }
  if (errno != ENOENT) return fail_errno("read", "exits of the plain tracepoint");
  std::ranges::sort(sample.exits, {}, [](const PlainExits& row) { return std::tuple(row.isa, row.reason); });
  return sample;
}

}  // namespace exitledger
