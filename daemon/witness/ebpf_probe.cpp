// SPDX-License-Identifier: MIT
#include "witness/ebpf_probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "exitledger.skel.h"
#include "model/exit_reason.h"
#include "witness/libbpf_log.h"
#include "witness/probe_object.h"

namespace exitledger {
namespace {

/// libbpf's failure: a negative errno value, and what it warned of.
Failure fail_libbpf(std::string operation, std::string object, int negative) {
  return fail(std::move(operation), std::move(object), take_libbpf_warning(), -negative);
}

/// Which dense indices belong to reasons that the manuals define, as the probe's cold path wants it.
void set_defined(exitledger_bpf& skeleton) {
  for (const Vendor vendor : kVendors) {
    for (const ReasonInfo& reason : defined_reasons(vendor)) {
      const unsigned index = index_of(vendor, reason.number);
      skeleton.rodata->el_defined[vendor == Vendor::kSvm][index / 64] |= std::uint64_t{1} << (index % 64);
    }
  }
}

// What comes back before what goes away: an absence that was not seen to begin is none.
std::array<bpf_program*, 4> split_programs(exitledger_bpf& skeleton) {
  return {skeleton.progs.on_sched_in, skeleton.progs.on_run_begin, skeleton.progs.on_sched_out,
          skeleton.progs.on_run_end};
}

Result<void> run_once(const bpf_program* program) {
  bpf_test_run_opts run{};
  run.sz = sizeof(run);
  if (const int error = bpf_prog_test_run_opts(bpf_program__fd(program), &run))
    return fail_libbpf("run", std::string(bpf_program__name(program)) + " of the probe", error);
  return {};
}

int on_event(void* events, void* data, std::size_t size) {
  el_event event{};
  if (size < sizeof(event)) return 0;
  std::memcpy(&event, data, sizeof(event));
  static_cast<std::vector<el_event>*>(events)->push_back(event);
  return 0;
}

}  // namespace

void Probe::SkeletonDeleter::operator()(exitledger_bpf* skeleton) const { exitledger_bpf__destroy(skeleton); }

Probe::~Probe() {
  while (!links_.empty()) links_.pop_back();
}

Result<std::unique_ptr<Probe>> Probe::load(const ProbeSizes& sizes, const el_layout& layout) {
  silence_libbpf();
  auto typed = load_object(sizes, layout);
  if (typed || !sizes.typed_reads) return typed;
  ProbeSizes plain = sizes;
  plain.typed_reads = false;
  auto probe = load_object(plain, layout);
  if (probe) (*probe)->no_typed_reads_why_ = typed.error().message();
  return probe;
}

Result<std::unique_ptr<Probe>> Probe::load_object(const ProbeSizes& sizes, const el_layout& layout) {
  if (!sizes.time) return load_best(sizes, layout);
  std::string why = "this KVM has no functions to attach to";
  if (layout.can_split != 0) {
    auto probe = load_with({DeathHook::kFentry, true}, sizes, layout);
    if (probe) return probe;
    why = probe.error().message();
  }
  auto probe = load_best(sizes, layout);
  if (probe) (*probe)->no_split_why_ = why;
  return probe;
}

Result<std::unique_ptr<Probe>> Probe::load_best(const ProbeSizes& sizes, const el_layout& layout) {
  // fentry fails where the module's BTF is out of reach (CAP_SYS_ADMIN) or the kernel has no trampolines.
  std::string why;
  for (const DeathHook hook : {DeathHook::kFentry, DeathHook::kKprobe}) {
    auto probe = load_with({hook, false}, sizes, layout);
    if (probe) (*probe)->death_hook_why_ = why;
    if (probe) return probe;
    why += (why.empty() ? "" : "; ") + probe.error().message();
  }
  auto probe = load_with({}, sizes, layout);
  if (probe) (*probe)->death_hook_why_ = why;
  return probe;
}

Result<std::unique_ptr<Probe>> Probe::load_with(Hooks hooks, const ProbeSizes& sizes, const el_layout& layout) {
  (void)take_libbpf_warning();
  std::unique_ptr<Probe> probe(new Probe);
  if (auto done = probe->open(hooks, sizes, layout); !done) return tl::unexpected(done.error());
  if (auto done = probe->map_books(sizes); !done) return tl::unexpected(done.error());
  if (auto done = probe->open_events(); !done) return tl::unexpected(done.error());
  if (auto done = probe->attach_all(hooks, sizes); !done) return tl::unexpected(done.error());
  return probe;
}

Result<void> Probe::open(Hooks hooks, const ProbeSizes& sizes, const el_layout& layout) {
  skeleton_.reset(open_probe_object(sizes.typed_reads));
  if (!skeleton_) return fail_libbpf("open", "probe", -errno);
  exitledger_bpf& skeleton = *skeleton_;
  bpf_program__set_autoload(skeleton.progs.death_fentry, hooks.death == DeathHook::kFentry);
  bpf_program__set_autoload(skeleton.progs.death_kprobe, hooks.death == DeathHook::kKprobe);
  bpf_program__set_autoload(skeleton.progs.on_kvm_exit, !sizes.time);
  bpf_program__set_autoload(skeleton.progs.on_kvm_exit_timed, sizes.time);
  bpf_program__set_autoload(skeleton.progs.on_kvm_entry, sizes.time);
  bpf_program__set_autoload(skeleton.progs.on_kvm_cpuid, sizes.leaf);
  for (bpf_program* const program : split_programs(skeleton)) bpf_program__set_autoload(program, hooks.split);
  skeleton.rodata->el_nr_cpus = sizes.cpus;
  skeleton.rodata->el_nr_slots = sizes.slots;
  skeleton.rodata->el_has_leaf = sizes.leaf;
  set_defined(skeleton);
  if (const int error = size_probe_maps(skeleton, sizes)) return fail_libbpf("size", "maps of the probe", error);
  if (const int error = exitledger_bpf__load(&skeleton)) return fail_libbpf("load", "probe", error);
  skeleton.bss->el_offsets = layout;
  // Without this the answers to our own guests would be filed under other guests' and own exits under theirs.
  return run_once(skeleton.progs.learn_self);
}

Result<void> Probe::map_books(const ProbeSizes& sizes) {
  const auto& maps = skeleton_->maps;
  Result<void> result;
  const auto map_one = [&result]<typename T>(MappedArray<T>& to, bpf_map* map, std::size_t count, int protection) {
    if (!result) return;
    auto mapped = MappedArray<T>::map(bpf_map__fd(map), count, protection, bpf_map__name(map));
    if (mapped) {
      to = std::move(*mapped);
    } else {
      result = tl::unexpected(mapped.error());
    }
  };
  cpus_ = std::span(skeleton_->bss->el_cpus).first(sizes.cpus);
  map_one(slots_, maps.slots, sizes.slots, PROT_READ | PROT_WRITE);
  map_one(owners_, maps.owners, sizes.slots, PROT_READ | PROT_WRITE);
  map_one(stats_, maps.stats, sizes.slots, PROT_READ | PROT_WRITE);
  if (sizes.time) map_one(durations_, maps.durations, sizes.cpus, PROT_READ);
  map_one(own_answers_, maps.own_answers, EL_OWN_ANSWERS, PROT_READ);
  map_one(guest_answers_, maps.guest_answers, EL_GUEST_ANSWERS, PROT_READ);
  map_one(different_answers_, maps.different_answers, EL_DIFFERENT_ANSWERS, PROT_READ);
  map_one(boundaries_, maps.boundaries, EL_BOUNDARIES, PROT_READ);
  map_one(boundary_cpus_, maps.boundary_cpus, std::size_t{sizes.cpus} * EL_BOUNDARIES, PROT_READ);
  return result;
}

Result<void> Probe::open_events() {
  ring_.reset(ring_buffer__new(bpf_map__fd(skeleton_->maps.events), on_event, &events_, nullptr));
  if (!ring_) return fail_libbpf("open", "event ring of the probe", -errno);
  return {};
}

void Probe::add(bpf_program* program, std::string how, bpf_link* link) {
  programs_.push_back({bpf_program__name(program), std::move(how), bpf_program__fd(program), link != nullptr});
  if (link) links_.emplace_back(link);
}

Result<void> Probe::attach_raw(bpf_program* program, const char* tracepoint, bool optional) {
  const std::string how = std::string("raw_tp/") + tracepoint;
  bpf_link* const link = bpf_program__attach_raw_tracepoint(program, tracepoint);
  if (!link) {
    const int code = errno;
    if (!(optional && code == ENOENT)) return fail_libbpf("attach", how, -code);
    (void)take_libbpf_warning();
  }
  add(program, how, link);
  return {};
}

Result<void> Probe::attach_function(bpf_program* program, const std::string& how) {
  bpf_link* const link = bpf_program__attach(program);
  if (!link) return fail_libbpf("attach", how, -errno);
  add(program, how, link);
  return {};
}

Result<void> Probe::attach_all(Hooks hooks, const ProbeSizes& sizes) {
  const auto& progs = skeleton_->progs;
  Result<void> done;
  if (hooks.death != DeathHook::kNone) {
    const bool fentry = hooks.death == DeathHook::kFentry;
    death_hook_ = fentry ? "fentry" : "kprobe";
    done = attach_function(fentry ? progs.death_fentry : progs.death_kprobe,
                           std::string{death_hook_} + "/kvm_arch_vcpu_destroy");
  }
  if (!done) return done;
  struct Raw {
    bpf_program* program;
    const char* tracepoint;
    bool optional;
  };
  // A kernel without loadable modules has no module tracepoints. Exits before what depends on them: an entry or an
  // answer whose exit was not seen is a loss.
  std::vector<Raw> raws = {{progs.on_module_load, "module_load", true},
                           {progs.on_module_free, "module_free", true},
                           {progs.on_kvm_hypercall, "kvm_hypercall", false},
                           {progs.on_hv_hypercall, "kvm_hv_hypercall", true},
                           {progs.on_xen_hypercall, "kvm_xen_hypercall", true},
                           {sizes.time ? progs.on_kvm_exit_timed : progs.on_kvm_exit, "kvm_exit", false},
                           {progs.on_nested_exit, "kvm_nested_vmexit", true},
                           {progs.on_reflected, "kvm_nested_vmexit_inject", true}};
  if (sizes.leaf) raws.push_back({progs.on_kvm_cpuid, "kvm_cpuid", false});
  if (sizes.time) raws.push_back({progs.on_kvm_entry, "kvm_entry", false});
  for (const Raw& raw : raws) {
    if (done = attach_raw(raw.program, raw.tracepoint, raw.optional); !done) return done;
  }
  splits_time_ = hooks.split;
  if (hooks.split)
    for (bpf_program* const program : split_programs(*skeleton_))
      if (done = attach_function(program, bpf_program__section_name(program)); !done) return done;
  return {};
}

std::uint64_t Probe::own_serial() const { return load_shared(skeleton_->bss->el_own_serial); }
std::uint64_t Probe::different_serial() const { return load_shared(skeleton_->bss->el_different_serial); }
std::uint64_t Probe::guest_serial() const { return load_shared(skeleton_->bss->el_guest_serial); }
std::uint64_t Probe::boundary_serial() const { return load_shared(skeleton_->bss->el_boundary_serial); }
std::uint64_t Probe::lost_no_cpu() const { return load_shared(skeleton_->bss->el_lost_no_cpu); }
std::uint64_t Probe::slotless() const { return load_shared(skeleton_->bss->el_slotless_exits); }
std::uint32_t Probe::own_tgid() const { return load_shared(skeleton_->bss->el_own_tgid); }
bool Probe::has_typed_reads() const {
  return btf__find_by_name_kind(bpf_object__btf(skeleton_->obj), "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
}
const el_layout& Probe::layout() const { return skeleton_->bss->el_offsets; }

void Probe::set_layout(const el_layout& layout, std::uint32_t isa) {
  skeleton_->bss->el_offsets = layout;
  skeleton_->bss->el_isa = isa;
}

Result<void> Probe::read_stats() const { return run_once(skeleton_->progs.read_stats); }

void Probe::all_births_seen(std::uint32_t isa) {
  __atomic_fetch_or(&skeleton_->bss->el_loads_seen, 1U << isa, __ATOMIC_RELAXED);
}

void Probe::session_began_at(std::uint64_t load) {
  store_shared(skeleton_->bss->el_session_load, static_cast<std::uint32_t>(load));
}

bool Probe::give_back(std::uint32_t slot) {
  return bpf_map_update_elem(bpf_map__fd(skeleton_->maps.free_slots), nullptr, &slot, BPF_ANY) == 0;
}

int Probe::event_fd() const { return ring_buffer__epoll_fd(ring_.get()); }

std::vector<el_event> Probe::drain() {
  (void)ring_buffer__consume(ring_.get());
  return std::exchange(events_, {});
}

std::vector<ProgramHealth> Probe::programs() const {
  std::vector<ProgramHealth> result;
  for (const Program& program : programs_) {
    ProgramHealth health;
    health.name = program.name;
    health.how = program.how;
    health.attached = program.attached;
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    if (bpf_obj_get_info_by_fd(program.fd, &info, &size) == 0) {
      health.run_count = info.run_cnt;
      health.run_time_ns = info.run_time_ns;
      health.recursion_misses = info.recursion_misses;
    }
    result.push_back(std::move(health));
  }
  return result;
}

}  // namespace exitledger
