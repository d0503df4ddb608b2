// SPDX-License-Identifier: MIT
#include "stand_in.h"

#include <asm/ptrace.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "exitledger.h"
#include "exitledger.skel.h"
#include "witness/btf_layout.h"
#include "witness/cpus.h"
#include "witness/ebpf_probe.h"
#include "witness/probe_object.h"

namespace exitledger::bench {
namespace {

static_assert(kStandInCall == EL_ISA_VMX);
constexpr std::uint32_t kSlots = 8192;

class StandIn : public Attachment {
 public:
  StandIn(exitledger_bpf* skeleton, std::uint32_t cpus) : skeleton_(skeleton), cpus_(cpus) {}
  ~StandIn() override {
    for (bpf_link* const link : links_) bpf_link__destroy(link);
    exitledger_bpf__destroy(skeleton_);
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;

  Result<void> has_counted(std::uint64_t events) const override {
    std::uint64_t counted = 0, lost = 0;
    for (std::uint32_t no = 0; no < cpus_; ++no) {
      const el_cpu& cpu = skeleton_->bss->el_cpus[no];
      counted += cpu.count[kStandInCall];
      lost += cpu.lost[EL_LOSS_NO_SLOT] + cpu.lost[EL_LOSS_SLOT_MAP];
    }
    if (lost > 0)
      return fail("measure", "the probe's programs", fmt::format("{} calls of threads without a slot", lost));
    if (counted < events)
      return fail("measure", "the probe's programs", fmt::format("{} of {} calls were counted", counted, events));
    return {};
  }

  Result<void> load(const ProbeSizes& sizes) {
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, skeleton_->obj) bpf_program__set_autoload(program, false);
    bpf_program* const exits = sizes.time ? skeleton_->progs.on_kvm_exit_timed : skeleton_->progs.on_kvm_exit;
    bpf_program__set_autoload(exits, true);
    bpf_program__set_autoload(skeleton_->progs.on_kvm_entry, sizes.time);
    skeleton_->rodata->el_nr_cpus = sizes.cpus;
    skeleton_->rodata->el_nr_slots = sizes.slots;
    if (const int error = size_probe_maps(*skeleton_, sizes)) return fail("size", "maps of the probe", "", -error);
    if (const int error = exitledger_bpf__load(skeleton_)) return fail("load", "probe", "", -error);
    skeleton_->bss->el_offsets.vmx_exit_reason = offsetof(pt_regs, orig_rax);
    if (auto done = attach(exits, "sys_enter"); !done) return done;
    return sizes.time ? attach(skeleton_->progs.on_kvm_entry, "sys_exit") : Result<void>{};
  }

 private:
  Result<void> attach(const bpf_program* program, const char* tracepoint) {
    bpf_link* const link = bpf_program__attach_raw_tracepoint(program, tracepoint);
    if (!link) return fail_errno("attach", std::string{"raw_tp/"} + tracepoint);
    links_.push_back(link);
    return {};
  }

  exitledger_bpf* skeleton_;
  std::uint32_t cpus_;
  std::vector<bpf_link*> links_;
};

}  // namespace

Result<std::unique_ptr<Attachment>> stand_in_probe(bool time) {
  const auto types = KernelTypes::open("/sys");
  if (!types) return tl::unexpected{types.error()};
  const auto cpus = cpus_of_book("/sys");
  if (!cpus) return tl::unexpected{cpus.error()};
  ProbeSizes sizes;
  sizes.cpus = *cpus;
  sizes.slots = kSlots;
  sizes.time = time;
  sizes.typed_reads = types->has_typed_reads();
  exitledger_bpf* const skeleton = open_probe_object(sizes.typed_reads);
  if (!skeleton) return fail_errno("open", "probe");
  auto made = std::make_unique<StandIn>(skeleton, sizes.cpus);
  if (auto done = made->load(sizes); !done) return tl::unexpected{done.error()};
  return made;
}

}  // namespace exitledger::bench
