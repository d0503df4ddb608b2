// SPDX-License-Identifier: MIT
#include "attachment.h"

#include <array>
#include <string>

#include "bpf_programs.h"
#include "perf_events.h"
#include "witness/ebpf.h"

namespace exitledger::bench {
namespace {

using Made = Result<std::unique_ptr<Attachment>>;

class Nothing : public Attachment {};

class OurProbe : public Attachment {
 public:
  explicit OurProbe(std::unique_ptr<EbpfWitness> witness) : witness_(std::move(witness)) {}

 private:
  std::unique_ptr<EbpfWitness> witness_;
};

Made our_probe(bool time) {
  ProbeOptions options;
  options.time = time;
  auto witness = EbpfWitness::attach(options);
  if (!witness) return tl::unexpected{witness.error()};
  return std::make_unique<OurProbe>(std::move(*witness));
}

struct Known {
  AttachmentInfo info;
  Made (*make)();
};

using enum AttachmentKind;
constexpr bool kCounts = false, kTimes = true;
constexpr std::array kKnown{
    Known{{"nothing", kBare, kCounts, "nothing attached"}, []() -> Made { return std::make_unique<Nothing>(); }},
    Known{{"floor", kFloor, kCounts, "an empty program on raw_tp/kvm_exit"},
          [] { return floor_programs({{"empty_exit"}}); }},
    Known{{"floor_pair", kFloor, kTimes, "empty programs on raw_tp/kvm_exit and raw_tp/kvm_entry"},
          [] {
            return floor_programs({{"empty_exit"}, {"empty_entry"}});
          }},
    Known{{"floor_read", kFloor, kCounts,
           "a program on raw_tp/kvm_exit that reads four bytes of the vCPU, as the reason must be"},
          [] { return floor_programs({{"read_exit"}}); }},
    Known{{"floor_tp_btf", kFloor, kCounts, "an empty program on tp_btf/kvm_exit"},
          [] { return floor_programs({{"empty_btf"}}); }},
    Known{{"floor_tracepoint", kFloor, kCounts, "an empty program on tracepoint/kvm/kvm_exit"},
          [] { return floor_programs({{"empty_tracepoint"}}); }},
    Known{{"counts", kOurs, kCounts, "exitledger's probe, host's and vCPU's book (serve --no-collector.time)"},
          [] { return our_probe(false); }},
    Known{{"counts_histogram", kOurs, kTimes, "exitledger's probe, these and the histogram of times (serve)"},
          [] { return our_probe(true); }},
    Known{{"perf_stat", kPeer, kCounts, "one counting perf event on kvm:kvm_exit per CPU, as perf stat -a opens it"},
          [] { return counting_event(); }},
    Known{{"kvm_stat", kPeer, kCounts,
           "the perf events of Linux' kvm_stat: one per reason, with a filter, and one for all"},
          [] { return kvm_stat_events(); }},
    Known{{"perf_kvm_record", kPeer, kTimes,
           "a perf record of each kvm:kvm_exit and kvm:kvm_entry, as perf kvm stat record"},
          [] { return recording_events(); }},
    Known{{"bcc_kvmexit", kPeer, kCounts, "bcc kvmexit's mechanics, said again"},
          [] { return peer_programs({{"kvmexit"}}); }},
    Known{{"bpftrace_count", kPeer, kCounts, "a bpftrace one-liner's mechanics: @[args->exit_reason] = count()"},
          [] { return peer_programs({{"count_by_reason"}}); }},
    Known{{"bpftrace_latency", kPeer, kTimes, "kvmexits.bt's mechanics: histogram of the time per reason"},
          [] {
            return peer_programs({{"latency_exit"}, {"latency_entry"}});
          }},
};

constexpr auto kInfos = [] {
  std::array<AttachmentInfo, kKnown.size()> infos;
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i] = kKnown[i].info;
  return infos;
}();

}  // namespace

Made Attachment::make(std::string_view name) {
  for (const Known& known : kKnown)
    if (known.info.name == name) return known.make();
  return fail("attach", std::string{name}, "is none of those that --list shows");
}

std::span<const AttachmentInfo> attachments() { return kInfos; }

}  // namespace exitledger::bench
