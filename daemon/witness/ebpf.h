// SPDX-License-Identifier: MIT
// The eBPF witness: loads and attaches the probe (bpf/exitledger.bpf.c), maps its books, hands out samples.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "exitledger.h"
#include "model/reading.h"
#include "model/result.h"
#include "model/sample.h"

namespace exitledger {

/// Load of a vendor module as the probe saw it (module:module_load), before any VM could exist.
struct Boundary {
  std::uint64_t serial = 0;  ///< number of the load since the probe attached, from 1; a gap means that one was missed
  std::uint64_t time_ns = 0;
  Vendor vendor = Vendor::kVmx;
  std::vector<Counts> by_cpu;  ///< host book per possible CPU at that instant
  Hypercalls hypercalls;       ///< host-wide at that instant
  Losses losses;               ///< likewise; what the kernel counts itself (recursion) is as of now
  std::uint64_t slotless = 0;  ///< StatSums::slotless at that instant
};

struct ProbeOptions {
  std::uint32_t slots =
      1024;          ///< vCPUs that can have a book of their own at once; sizeof(el_slot) + sizeof(el_owner) bytes each
  bool time = true;  ///< keep durations (attach to kvm:kvm_entry, read the clock per exit)
  std::string sys = "/sys";  ///< root of sysfs
};

/// Not thread-safe: one thread uses it. Members return absolute counts since attach().
class EbpfWitness {
 public:
  /// Loads and attaches. Needs kvm.ko loaded (the tracepoints are its), CAP_BPF and CAP_PERFMON; the vendor module may
  /// be absent. The death hook needs CAP_SYS_ADMIN too, during this call only: kvm.ko's BTF is handed out to nobody
  /// else, and Debian's perf_event_paranoid=3 keeps kprobes from CAP_PERFMON. Pins kvm.ko for its lifetime, never the
  /// vendor module. The process that calls it is "own": its micro guests' answers are logged apart.
  [[nodiscard]] static Result<std::unique_ptr<EbpfWitness>> attach(const ProbeOptions& options);
  ~EbpfWitness();
  EbpfWitness(const EbpfWitness&) = delete;
  EbpfWitness& operator=(const EbpfWitness&) = delete;

  /// Readable (poll) when drain() has wake-ups.
  [[nodiscard]] int event_fd() const;
  [[nodiscard]] std::vector<el_event> drain();

  /// Looks up where the vendor's exit reason stands, in the BTF of the module loaded now, and hands it to the probe.
  /// Returns true if it differs from what the probe used before: then what was counted since the load is unproven.
  [[nodiscard]] Result<bool> refresh_layout(Vendor vendor);

  /// Reads all books; folds the slots of dead vCPUs first and gives them back. `each_vcpu`: VmSample::living, too.
  [[nodiscard]] ProbeSample sample(bool each_vcpu = false);

  /// KVM's own statistics of the vCPUs that have a slot, beside their exits, of all that were born since load number
  /// `load` (Boundary::serial; 0: of all): from birth, and where that went unseen from their first exit seen. Dead
  /// vCPUs of earlier loads than `load` are forgotten. `next`: number of the load that came after, whose vCPUs are left
  /// out. Errors: the kernel does not run the program that reads.
  [[nodiscard]] Result<StatSums> kvm_stats(std::uint64_t load, std::optional<std::uint64_t> next = std::nullopt);

  /// No VM is older than the probe.
  [[nodiscard]] bool saw_all_births() const;

  /// The host's counters of the leaf began at this load (Boundary::serial); 0: not known. What guests are told of the
  /// host is judged from it.
  void session_began_at(std::uint64_t load);

  /// VMs that died since the last call, with all that they ever counted; as many as SlotBooks keeps.
  [[nodiscard]] std::vector<VmSample> take_dead_vms();
  /// VMs that live, without their counts: cheap enough for every second.
  [[nodiscard]] std::vector<VmSample> living_vms() const;

  /// Gives back the slots of dead vCPUs: the next VM may be waiting for one.
  void fold();

  /// The host's book of each possible CPU.
  [[nodiscard]] std::vector<Counts> counts_by_cpu() const;

  /// Loads of vendor modules after number `serial`, oldest first. The ring holds the last EL_BOUNDARIES: serials that
  /// are missing were overwritten, or could not be noted.
  [[nodiscard]] std::vector<Boundary> boundaries_since(std::uint64_t serial) const;

  /// Answers to own micro guests since the last call, in order of asking.
  [[nodiscard]] std::vector<el_answer> take_own_answers();
  /// Exits of own micro guests since the last call; call it after they are destroyed. Never counted twice.
  [[nodiscard]] Counts take_own_counts();
  /// Answers to other guests that are still in the ring, oldest first.
  [[nodiscard]] std::vector<el_answer> guest_answers() const;
  /// The last EL_DIFFERENT_ANSWERS of those that were not the eBPF count of their instant, oldest first.
  [[nodiscard]] std::vector<el_answer> different_answers() const;

  [[nodiscard]] std::vector<ProgramHealth> programs() const;
  [[nodiscard]] std::uint32_t possible_cpus() const;

  /// "fentry", "kprobe", or "none": without a hook on the vCPU's death only host totals carry the guarantee.
  [[nodiscard]] std::string_view death_hook() const;
  /// Why the better hooks were not taken; empty if the best one was.
  [[nodiscard]] const std::string& death_hook_why() const;
  /// Whether each exit's reason is a typed load (bpf/reads.bpf.h).
  [[nodiscard]] bool has_typed_reads() const;
  /// Why it is not, although this kernel has what it takes; empty otherwise.
  [[nodiscard]] const std::string& no_typed_reads_why() const;
  /// Why durations are kept and not split (DurationHistogram::user_ns); empty if they are, or if none are kept.
  [[nodiscard]] const std::string& no_split_why() const;

 private:
  struct Impl;
  explicit EbpfWitness(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace exitledger
