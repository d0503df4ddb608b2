// SPDX-License-Identifier: MIT
#include "witness/detail_probe.h"

#include <bpf/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <numeric>
#include <thread>
#include <tuple>
#include <utility>

#include "detail.skel.h"
#include "model/counts.h"
#include "witness/libbpf_log.h"

namespace exitledger {
namespace {

/// libbpf's failure: a negative errno value, and what it warned of.
Failure fail_libbpf(const char* operation, const char* object, int negative) {
  return fail(operation, object, take_libbpf_warning(), -negative);
}

bool told_later(const DetailSetup& setup) {
  return setup.vendor == Vendor::kVmx && setup.kind == DetailKind::kEptViolation;
}

void set_constants(detail_bpf& skeleton, const DetailSetup& setup) {
  skeleton.rodata->el_kind = static_cast<std::uint32_t>(setup.kind);
  skeleton.rodata->el_isa = isa_of(setup.vendor);
  skeleton.rodata->el_places = setup.layout;
  for (const Reason reason : parent_reasons(setup.vendor, setup.kind)) {
    const unsigned index = index_of(setup.vendor, reason);
    skeleton.rodata->el_parents[index / 64] |= std::uint64_t{1} << (index % 64);
  }
}

}  // namespace

void DetailProbe::SkeletonDeleter::operator()(detail_bpf* skeleton) const { detail_bpf__destroy(skeleton); }

DetailProbe::~DetailProbe() = default;

Result<std::unique_ptr<DetailProbe>> DetailProbe::load(const DetailSetup& setup) {
  silence_libbpf();
  (void)take_libbpf_warning();
  std::unique_ptr<DetailProbe> probe(new DetailProbe);
  probe->setup_ = setup;
  if (auto done = probe->open(); !done) return tl::unexpected(done.error());
  const auto& progs = probe->skeleton_->progs;
  // What tells of an exit before what opens it.
  if (told_later(setup)) {
    auto* const fault = setup.layout.fault_argument == 0 ? progs.detail_fault_old : progs.detail_fault;
    if (auto done = probe->attach(fault, "kvm_page_fault"); !done) return tl::unexpected(done.error());
  }
  if (auto done = probe->attach(progs.detail_exit, "kvm_exit"); !done) return tl::unexpected(done.error());
  return probe;
}

Result<void> DetailProbe::open() {
  skeleton_.reset(detail_bpf__open());
  if (!skeleton_) return fail_libbpf("open", "drill-down", -errno);
  const bool old = setup_.layout.fault_argument == 0;
  bpf_program__set_autoload(skeleton_->progs.detail_fault, told_later(setup_) && !old);
  bpf_program__set_autoload(skeleton_->progs.detail_fault_old, told_later(setup_) && old);
  set_constants(*skeleton_, setup_);
  const auto& maps = skeleton_->maps;
  for (const auto& [map, entries] :
       {std::pair{maps.cpus, setup_.cpus}, {maps.rows, setup_.rows}, {maps.open, setup_.vcpus}})
    if (const int error = bpf_map__set_max_entries(map, entries))
      return fail_libbpf("size", "maps of the drill-down", error);
  if (const int error = detail_bpf__load(skeleton_.get())) return fail_libbpf("load", "drill-down", error);
  auto mapped = MappedArray<el_detail_cpu>::map(bpf_map__fd(maps.cpus), setup_.cpus, PROT_READ, "cpus");
  if (!mapped) return tl::unexpected(mapped.error());
  cpus_ = std::move(*mapped);
  return {};
}

Result<void> DetailProbe::attach(bpf_program* program, const char* tracepoint) {
  bpf_link* const link = bpf_program__attach_raw_tracepoint(program, tracepoint);
  if (!link) return fail_libbpf("attach", tracepoint, -errno);
  links_.emplace_back(link);
  return {};
}

Result<void> DetailProbe::settle() const {
  const std::uint32_t zero = 0;
  const int inner = bpf_map__fd(skeleton_->maps.settled);
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.settle), &zero, &inner, BPF_ANY) != 0)
    return fail_errno("wait for", "running programs");
  return {};
}

Result<void> DetailProbe::begin() {
  const auto missed = this->missed();
  if (!missed) return tl::unexpected(missed.error());
  missed_before_ = *missed;
  store_shared(skeleton_->bss->el_counting, 1U);
  return {};
}

Result<void> DetailProbe::end(unsigned patience_ms) {
  store_shared(skeleton_->bss->el_counting, 0U);
  if (auto done = settle(); !done) return done;
  for (unsigned waited = 0; waited < patience_ms; ++waited) {
    const auto open = open_exits();
    if (!open) return tl::unexpected(open.error());
    if (*open == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  // Nothing may be told any more while the books are read.
  links_.clear();
  return settle();
}

Result<std::uint64_t> DetailProbe::open_exits() const {
  const int fd = bpf_map__fd(skeleton_->maps.open);
  std::uint64_t count = 0;
  std::uint32_t tid = 0;
  const std::uint32_t* previous = nullptr;
  while (bpf_map_get_next_key(fd, previous, &tid) == 0) {
    ++count;
    previous = &tid;
  }
  if (errno != ENOENT) return fail_errno("read", "open exits of the drill-down");
  return count;
}

// Of the program that counts exits: an address that was missed leaves its exit open.
Result<std::uint64_t> DetailProbe::missed() const {
  bpf_prog_info info{};
  std::uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(bpf_program__fd(skeleton_->progs.detail_exit), &info, &size) != 0)
    return fail_errno("ask the kernel about", "the drill-down's program");
  return info.recursion_misses + load_shared(skeleton_->bss->el_lost_no_cpu);
}

Result<std::vector<DetailRow>> DetailProbe::rows() const {
  const int fd = bpf_map__fd(skeleton_->maps.rows);
  std::vector<DetailRow> rows;
  const int possible = libbpf_num_possible_cpus();  // what the kernel copies: not their numbers, which may have gaps
  if (possible <= 0) return fail("count", "possible CPUs", "", -possible);
  std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(possible));
  DetailRow row;
  const el_detail_key* previous = nullptr;
  while (bpf_map_get_next_key(fd, previous, &row.key) == 0) {
    if (bpf_map_lookup_elem(fd, &row.key, per_cpu.data()) != 0) return fail_errno("read", "a row of the drill-down");
    row.count = std::accumulate(per_cpu.begin(), per_cpu.end(), std::uint64_t{0});
    rows.push_back(row);
    previous = &row.key;
  }
  if (errno != ENOENT) return fail_errno("read", "rows of the drill-down");
  const auto order = [](const DetailRow& a, const DetailRow& b) {
    return std::tuple(b.count, a.key.code, a.key.value, a.key.how) <
           std::tuple(a.count, b.key.code, b.key.value, b.key.how);
  };
  std::ranges::sort(rows, order);
  return rows;
}

Result<DetailSample> DetailProbe::sample() const {
  DetailSample sample;
  sample.kind = setup_.kind;
  sample.vendor = setup_.vendor;
  sample.rows_limit = setup_.rows;
  for (const el_detail_cpu& cpu : cpus_.elements()) {
    sample.parent += load_shared(cpu.parent);
    sample.unread += load_shared(cpu.unread);
    for (std::size_t cause = 0; cause < sample.other.size(); ++cause)
      sample.other[cause] += load_shared(cpu.other[cause]);
  }
  auto rows = this->rows();
  if (!rows) return tl::unexpected(rows.error());
  sample.rows = std::move(*rows);
  const auto open = open_exits();
  if (!open) return tl::unexpected(open.error());
  sample.open = *open;
  const auto missed = this->missed();
  if (!missed) return tl::unexpected(missed.error());
  sample.missed = *missed - missed_before_;
  return sample;
}

}  // namespace exitledger
