// SPDX-License-Identifier: MIT
// The loaded probe: its programs attached, its maps mapped. Owns every kernel object of the eBPF witness.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "exitledger.h"
#include "model/result.h"
#include "model/sample.h"
#include "witness/mapped_array.h"

struct exitledger_bpf;

namespace exitledger {

struct ProbeSizes {
  std::uint32_t cpus = 1;  ///< 1 to EL_MOST_CPUS: cpus_of_book(); what runs on others is in no book and no loss
  std::uint32_t slots = 1;
  bool time = false;
  bool typed_reads = false;  ///< the kernel has bpf_rdonly_cast(): bpf/reads.bpf.h
  bool leaf = false;         ///< KVM has our leaves: their answers are seen
};

class Probe {
 public:
  /// Loads with the best death hook that the kernel takes: fentry, else kprobe, else none. Attaches everything, the
  /// death hook first: no slot may be given out that cannot be retired. Where fentry works and time is kept, that is
  /// split as well. `layout`: see set_layout().
  [[nodiscard]] static Result<std::unique_ptr<Probe>> load(const ProbeSizes& sizes, const el_layout& layout);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  [[nodiscard]] std::span<const el_cpu> cpus() const { return cpus_; }
  [[nodiscard]] std::span<el_slot> slots() const { return slots_.elements(); }
  [[nodiscard]] std::span<el_owner> owners() const { return owners_.elements(); }
  [[nodiscard]] std::span<el_stats> stats() const { return stats_.elements(); }
  /// Per CPU; empty if time is not kept.
  [[nodiscard]] std::span<const el_durations> durations() const { return durations_.elements(); }
  [[nodiscard]] std::span<const el_answer> own_answers() const { return own_answers_.elements(); }
  [[nodiscard]] std::span<const el_answer> guest_answers() const { return guest_answers_.elements(); }
  [[nodiscard]] std::span<const el_answer> different_answers() const { return different_answers_.elements(); }
  [[nodiscard]] std::span<const el_boundary> boundaries() const { return boundaries_.elements(); }
  /// Boundary at ring position r, CPU c: element r * cpus + c.
  [[nodiscard]] std::span<const el_boundary_cpu> boundary_cpus() const { return boundary_cpus_.elements(); }

  [[nodiscard]] std::uint64_t own_serial() const;
  [[nodiscard]] std::uint64_t guest_serial() const;
  [[nodiscard]] std::uint64_t different_serial() const;
  [[nodiscard]] std::uint64_t boundary_serial() const;
  [[nodiscard]] std::uint64_t lost_no_cpu() const;
  /// StatSums::slotless.
  [[nodiscard]] std::uint64_t slotless() const;
  /// This process as the probe sees it: its number in the host's pid namespace.
  [[nodiscard]] std::uint32_t own_tgid() const;

  [[nodiscard]] const el_layout& layout() const;
  /// Effective at the next exit. `isa`: EL_ISA_* of the vendor's module that is loaded, 0 if none.
  void set_layout(const el_layout& layout, std::uint32_t isa);

  /// Has KVM's statistics of all living vCPUs read into stats().
  [[nodiscard]] Result<void> read_stats() const;

  /// Every vCPU of this vendor's that will ever exit is younger than the probe.
  void all_births_seen(std::uint32_t isa);
  /// See EbpfWitness::session_began_at().
  void session_began_at(std::uint64_t load);

  /// Puts a zeroed slot into the queue of free ones.
  [[nodiscard]] bool give_back(std::uint32_t slot);

  [[nodiscard]] int event_fd() const;
  [[nodiscard]] std::vector<el_event> drain();

  [[nodiscard]] std::vector<ProgramHealth> programs() const;
  [[nodiscard]] std::string_view death_hook() const { return death_hook_; }
  /// Why the better hooks were not taken; empty if the best one was.
  [[nodiscard]] const std::string& death_hook_why() const { return death_hook_why_; }
  /// Whether the object with typed reads is the one that runs; and if not although it was asked for, why.
  [[nodiscard]] bool has_typed_reads() const;
  [[nodiscard]] const std::string& no_typed_reads_why() const { return no_typed_reads_why_; }
  /// Whether durations are split; and if not although time is kept, why.
  [[nodiscard]] bool splits_time() const { return splits_time_; }
  [[nodiscard]] const std::string& no_split_why() const { return no_split_why_; }

 private:
  struct SkeletonDeleter {
    void operator()(exitledger_bpf* skeleton) const;
  };
  struct RingDeleter {
    void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
  };
  struct LinkDeleter {
    void operator()(bpf_link* link) const { bpf_link__destroy(link); }
  };
  using LinkPtr = std::unique_ptr<bpf_link, LinkDeleter>;
  enum class DeathHook : std::uint8_t { kFentry, kKprobe, kNone };
  struct Program {
    std::string name;
    std::string how;
    int fd = -1;  // the skeleton's
    bool attached = false;
  };

  Probe() = default;
  struct Hooks {
    DeathHook death = DeathHook::kNone;
    bool split = false;
  };
  static Result<std::unique_ptr<Probe>> load_with(Hooks hooks, const ProbeSizes& sizes, const el_layout& layout);
  static Result<std::unique_ptr<Probe>> load_object(const ProbeSizes& sizes, const el_layout& layout);
  static Result<std::unique_ptr<Probe>> load_best(const ProbeSizes& sizes, const el_layout& layout);
  [[nodiscard]] Result<void> open(Hooks hooks, const ProbeSizes& sizes, const el_layout& layout);
  [[nodiscard]] Result<void> map_books(const ProbeSizes& sizes);
  [[nodiscard]] Result<void> open_events();
  [[nodiscard]] Result<void> attach_all(Hooks hooks, const ProbeSizes& sizes);
  [[nodiscard]] Result<void> attach_raw(bpf_program* program, const char* tracepoint, bool optional);
  [[nodiscard]] Result<void> attach_function(bpf_program* program, const std::string& how);
  void add(bpf_program* program, std::string how, bpf_link* link);

  // In this order: links go first (in reverse), then what reads the maps, then the maps and programs.
  std::unique_ptr<exitledger_bpf, SkeletonDeleter> skeleton_;
  std::span<const el_cpu> cpus_;  ///< in the probe's own data
  MappedArray<el_slot> slots_;
  MappedArray<el_owner> owners_;
  MappedArray<el_stats> stats_;
  MappedArray<el_durations> durations_;
  MappedArray<el_answer> own_answers_, guest_answers_, different_answers_;
  MappedArray<el_boundary> boundaries_;
  MappedArray<el_boundary_cpu> boundary_cpus_;
  std::vector<el_event> events_;
  std::unique_ptr<ring_buffer, RingDeleter> ring_;
  std::vector<Program> programs_;
  std::vector<LinkPtr> links_;
  std::string_view death_hook_ = "none";
  std::string death_hook_why_;
  bool splits_time_ = false;
  std::string no_split_why_;
  std::string no_typed_reads_why_;
};

}  // namespace exitledger
