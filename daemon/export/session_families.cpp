// SPDX-License-Identifier: MIT
#include <string>

#include "export/family_groups.h"

namespace exitledger {
namespace {

using EbpfGauge = FamilyBuilder<family::kSessionEbpfExits>;
using LeafGauge = FamilyBuilder<family::kSessionLeafExits>;

// Both figures of the same instant. The leaf folds undefined codes into UNKNOWN, and so does that verdict's eBPF
// figure: a code listed by itself as well would be summed twice.
void add_judged(const Session& session, EbpfGauge& ebpf, LeafGauge& leaf) {
  for (const ReasonVerdict& verdict : session.reasons) {
    if (verdict.ebpf == 0 && verdict.leaf == 0) continue;
    if (!is_defined(session.vendor, verdict.reason) && verdict.reason != kReasonUnknown) continue;
    const std::string reason = reason_label(session.vendor, verdict.reason);
    ebpf.add(verdict.ebpf, session.id, reason);
    leaf.add(verdict.leaf, session.id, reason);
  }
}

void add_ebpf_alone(const Session& session, EbpfGauge& ebpf) {
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
    const std::uint64_t count = session.ebpf.at[index];
    if (count == 0) continue;
    const auto reason = reason_at(session.vendor, index);
    if (!reason || !is_summand(*reason)) continue;
    ebpf.add(count, session.id, reason_label(session.vendor, *reason));
  }
}

void append_third_witness(const ExportSnapshot& snapshot, Families& out) {
  FamilyBuilder<family::kSessionKvmStat> stats;
  FamilyBuilder<family::kSessionKvmStatResidual> residuals;
  FamilyBuilder<family::kSessionHypercalls> hypercalls;
  FamilyBuilder<family::kSessionHypercallsResidual> hypercalls_residual;
  for (const Session& session : snapshot.sessions) {
    if (!session.third) continue;
    for (const StatVerdict& row : session.third->stats) {
      stats.add(row.statistic, session.id, row.name);
      residuals.add(row.residual, session.id, row.name);
    }
    const HypercallBalance& balance = session.third->hypercalls;
    hypercalls.add(balance.exits, session.id, "kvm_exit");
    hypercalls.add(balance.kvm, session.id, "kvm_hypercall");
    hypercalls.add(balance.hyperv, session.id, "kvm_hv_hypercall");
    hypercalls.add(balance.xen, session.id, "kvm_xen_hypercall");
    hypercalls.add(balance.reflected, session.id, "kvm_nested_vmexit_inject");
    hypercalls_residual.add(balance.residual, session.id);
  }
  std::move(stats).append_to(out);
  std::move(residuals).append_to(out);
  std::move(hypercalls).append_to(out);
  std::move(hypercalls_residual).append_to(out);
}

}  // namespace

void append_sessions(const ExportSnapshot& snapshot, Families& out) {
  EbpfGauge ebpf;
  LeafGauge leaf;
  FamilyBuilder<family::kSessionInfo> info;
  FamilyBuilder<family::kLawsBroken> laws;
  for (const Session& session : snapshot.sessions) {
    const std::string epoch = session.epoch == 0 ? std::string{} : std::to_string(session.epoch);
    info.add(1, session.id, session.name, to_string(session.paging), epoch, session.kernel);
    laws.add(session.laws_broken.size(), session.id);
    if (session.reasons.empty()) {
      add_ebpf_alone(session, ebpf);
    } else {
      add_judged(session, ebpf, leaf);
    }
  }
  std::move(ebpf).append_to(out);
  std::move(leaf).append_to(out);
  std::move(info).append_to(out);
  std::move(laws).append_to(out);
  append_third_witness(snapshot, out);
}

}  // namespace exitledger
