// SPDX-License-Identifier: MIT
#include "witness/ebpf.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/clock.h"
#include "witness/btf_layout.h"
#include "witness/cpus.h"
#include "witness/ebpf_answers.h"
#include "witness/ebpf_probe.h"
#include "witness/ebpf_slots.h"
#include "witness/module.h"

namespace exitledger {
namespace {

bool same_reason_place(Vendor vendor, const el_layout& a, const el_layout& b) {
  if (vendor == Vendor::kVmx) return a.vmx_exit_reason == b.vmx_exit_reason;
  return a.svm_vmcb == b.svm_vmcb && a.svm_exit_code == b.svm_exit_code;
}

void add(el_duration const& from, DurationHistogram& to) {
  to.sum_ns += load_shared(from.sum_ns);
  to.user_ns += load_shared(from.user_ns);
  to.off_ns += load_shared(from.off_ns);
  for (std::size_t i = 0; i < to.bucket.size(); ++i) to.bucket[i] += load_shared(from.bucket[i]);
}

Hypercalls read_hypercalls(const el_hypercalls& from) {
  Hypercalls read;
  for (std::size_t i = 0; i < read.nr.size(); ++i) read.nr[i] = load_shared(from.nr[i]);
  read.hyperv = load_shared(from.hyperv);
  read.xen = load_shared(from.xen);
  read.reflected = load_shared(from.reflected);
  read.reflected_hypercall = load_shared(from.reflected_hypercall);
  return read;
}

bool empty(const DurationHistogram& histogram) {
  for (const std::uint64_t count : histogram.bucket)
    if (count != 0) return false;
  return true;
}

}  // namespace

struct EbpfWitness::Impl {
  Impl(std::unique_ptr<Probe> loaded, ProbeOptions chosen, KernelTypes kernel_types)
      : options(std::move(chosen)),
        types(std::move(kernel_types)),
        probe(std::move(loaded)),
        books({probe->owners(), probe->slots(), probe->stats()}, probe->own_tgid(),
              [this](std::uint32_t slot) { return probe->give_back(slot); }) {}

  [[nodiscard]] Losses losses() const;
  void add_cpus(ProbeSample& sample) const;
  void add_durations(ProbeSample& sample) const;
  [[nodiscard]] std::optional<Boundary> boundary(std::uint64_t serial) const;

  ProbeOptions options;
  KernelTypes types;
  std::unique_ptr<Probe> probe;
  SlotBooks books;
  Vendor vendor = Vendor::kVmx;  ///< whose reasons the indices stand for
  std::uint64_t next_own_answer = 1;
  bool saw_all_births = false;
};

Result<std::unique_ptr<EbpfWitness>> EbpfWitness::attach(const ProbeOptions& options) {
  if (options.slots == 0) return fail("attach", "probe", "it needs at least one slot");
  const auto cpus = cpus_of_book("/sys");
  if (!cpus) return tl::unexpected(cpus.error());
  const auto modules = read_modules(options.sys);
  if (!modules) return tl::unexpected(modules.error());
  auto types = KernelTypes::open(options.sys);
  if (!types) return tl::unexpected(types.error());
  // The vendor's part before any exit can be seen. If it is not to be had, exits are counted as not read, and
  // refresh_layout() tells why.
  auto layout = types->layout(modules->vendor);
  if (!layout && modules->vendor) layout = types->layout(std::nullopt);
  if (!layout) return tl::unexpected(layout.error());

  auto probe = Probe::load({.cpus = *cpus,
                            .slots = options.slots,
                            .time = options.time,
                            .typed_reads = types->has_typed_reads(),
                            .leaf = types->has_leaf()},
                           *layout);
  if (!probe) return tl::unexpected(probe.error());
  auto impl = std::make_unique<Impl>(std::move(*probe), options, std::move(*types));
  if (modules->vendor) {
    impl->vendor = *modules->vendor;
    impl->probe->set_layout(impl->probe->layout(), isa_of(impl->vendor));
  }
  // Asked after the probe is attached: a VM that comes now is seen.
  impl->saw_all_births = !modules->vendor || !is_held(options.sys, *modules->vendor);
  if (impl->saw_all_births && modules->vendor) impl->probe->all_births_seen(isa_of(impl->vendor));
  return std::unique_ptr<EbpfWitness>(new EbpfWitness(std::move(impl)));
}

EbpfWitness::EbpfWitness(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EbpfWitness::~EbpfWitness() = default;

int EbpfWitness::event_fd() const { return impl_->probe->event_fd(); }
std::vector<el_event> EbpfWitness::drain() { return impl_->probe->drain(); }

Result<bool> EbpfWitness::refresh_layout(Vendor vendor) {
  const el_layout before = impl_->probe->layout();
  const auto now = impl_->types.layout(vendor);
  impl_->vendor = vendor;
  if (!now) {
    // The old place is a guess under a module that does not say where its fields are.
    el_layout unknown = before;
    unknown.vmx_exit_reason = unknown.svm_vmcb = unknown.svm_exit_code = 0;
    impl_->probe->set_layout(unknown, isa_of(vendor));
    return tl::unexpected(now.error());
  }
  impl_->probe->set_layout(*now, isa_of(vendor));
  return !same_reason_place(vendor, before, *now);
}

Losses EbpfWitness::Impl::losses() const {
  Losses losses;
  for (const el_cpu& cpu : probe->cpus())
    for (std::size_t cause = 0; cause < losses.cause.size(); ++cause)
      losses.cause[cause] += load_shared(cpu.lost[cause]);
  losses.cause[EL_LOSS_NO_CPU] += probe->lost_no_cpu();
  for (const ProgramHealth& program : probe->programs())
    losses.recursion_misses[program.name] = program.recursion_misses;
  return losses;
}

void EbpfWitness::Impl::add_cpus(ProbeSample& sample) const {
  for (const el_cpu& cpu : probe->cpus()) {
    sample.counts += read_counts(cpu.count);
    sample.hypercalls += read_hypercalls(cpu.hypercalls);
    for (std::size_t leaf = 0; leaf < sample.told.size(); ++leaf) sample.told[leaf] += load_shared(cpu.told[leaf]);
    for (std::size_t told = 0; told < sample.judged.size(); ++told)
      sample.judged[told] += load_shared(cpu.judged[told]);
  }
}

void EbpfWitness::Impl::add_durations(ProbeSample& sample) const {
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
    const auto reason = reason_at(vendor, index);
    if (!reason) continue;
    DurationHistogram histogram;
    for (const el_durations& cpu : probe->durations()) add(cpu.by_index[index], histogram);
    if (!empty(histogram)) sample.durations.emplace(*reason, histogram);
  }
}

ProbeSample EbpfWitness::sample(bool each_vcpu) {
  ProbeSample sample;
  sample.vms = impl_->books.sample(each_vcpu);
  sample.slots_used = impl_->books.used();
  sample.slots_limit = impl_->options.slots;
  impl_->add_cpus(sample);
  impl_->add_durations(sample);
  sample.splits_time = impl_->probe->splits_time();
  // Last: no loss of what was read above can be missing here.
  sample.losses = impl_->losses();
  sample.time_ns = monotonic_now_ns();
  return sample;
}

Result<StatSums> EbpfWitness::kvm_stats(std::uint64_t load, std::optional<std::uint64_t> next) {
  Result<void> read;
  const auto read_living = [this, &read] {
    const std::uint64_t before = monotonic_now_ns();
    read = impl_->probe->read_stats();
    return before;
  };
  StatSums sums = impl_->books.kvm_stats(static_cast<std::uint32_t>(load), read_living,
                                         static_cast<std::uint32_t>(next.value_or(UINT32_MAX)));
  if (!read) return tl::unexpected{read.error()};
  sums.slotless = impl_->probe->slotless();
  for (unsigned i = 0; i < EL_STAT_COUNT; ++i) sums.known[i] = impl_->probe->layout().stat[i] != 0;
  return sums;
}

bool EbpfWitness::saw_all_births() const { return impl_->saw_all_births; }
void EbpfWitness::session_began_at(std::uint64_t load) { impl_->probe->session_began_at(load); }

std::vector<VmSample> EbpfWitness::take_dead_vms() { return impl_->books.take_dead(); }
std::vector<VmSample> EbpfWitness::living_vms() const { return impl_->books.living(); }
void EbpfWitness::fold() { impl_->books.fold(); }

std::vector<Counts> EbpfWitness::counts_by_cpu() const {
  std::vector<Counts> counts;
  for (const el_cpu& cpu : impl_->probe->cpus()) counts.push_back(read_counts(cpu.count));
  return counts;
}

std::optional<Boundary> EbpfWitness::Impl::boundary(std::uint64_t serial) const {
  const std::size_t at = serial % EL_BOUNDARIES;
  const el_boundary& entry = probe->boundaries()[at];
  if (load_shared(entry.serial) != serial) return std::nullopt;
  Boundary boundary{serial, entry.time_ns, vendor_of(entry.isa), {}, {}, losses(), entry.slotless};
  boundary.losses.cause.fill(0);
  boundary.losses.cause[EL_LOSS_NO_CPU] = probe->lost_no_cpu();
  const std::size_t cpu_count = probe->cpus().size();
  for (const el_boundary_cpu& cpu : probe->boundary_cpus().subspan(at * cpu_count, cpu_count)) {
    boundary.by_cpu.push_back(read_counts(cpu.count));
    boundary.hypercalls += read_hypercalls(cpu.hypercalls);
    for (std::size_t cause = 0; cause < std::size(cpu.lost); ++cause)
      boundary.losses.cause[cause] += load_shared(cpu.lost[cause]);
  }
  // Written anew meanwhile: what was read is of two loads.
  if (load_shared(entry.serial) != serial) return std::nullopt;
  return boundary;
}

std::vector<Boundary> EbpfWitness::boundaries_since(std::uint64_t serial) const {
  const std::uint64_t newest = impl_->probe->boundary_serial();
  std::vector<Boundary> boundaries;
  const std::uint64_t kept = newest > EL_BOUNDARIES ? newest - EL_BOUNDARIES : 0;
  for (std::uint64_t next = std::max(serial, kept) + 1; next <= newest; ++next)
    if (auto boundary = impl_->boundary(next)) boundaries.push_back(std::move(*boundary));
  return boundaries;
}

std::vector<el_answer> EbpfWitness::take_own_answers() {
  auto answers = read_answers(impl_->probe->own_answers(), impl_->next_own_answer, impl_->probe->own_serial());
  if (!answers.empty()) impl_->next_own_answer = answers.back().serial + 1;
  return answers;
}

Counts EbpfWitness::take_own_counts() { return impl_->books.take_own(); }

std::vector<el_answer> EbpfWitness::guest_answers() const {
  return read_answers(impl_->probe->guest_answers(), 1, impl_->probe->guest_serial());
}

std::vector<el_answer> EbpfWitness::different_answers() const {
  return read_answers(impl_->probe->different_answers(), 1, impl_->probe->different_serial());
}

std::vector<ProgramHealth> EbpfWitness::programs() const { return impl_->probe->programs(); }
std::uint32_t EbpfWitness::possible_cpus() const { return static_cast<std::uint32_t>(impl_->probe->cpus().size()); }
std::string_view EbpfWitness::death_hook() const { return impl_->probe->death_hook(); }
bool EbpfWitness::has_typed_reads() const { return impl_->probe->has_typed_reads(); }
const std::string& EbpfWitness::no_typed_reads_why() const { return impl_->probe->no_typed_reads_why(); }
const std::string& EbpfWitness::no_split_why() const { return impl_->probe->no_split_why(); }
const std::string& EbpfWitness::death_hook_why() const { return impl_->probe->death_hook_why(); }

}  // namespace exitledger
