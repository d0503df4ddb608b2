// SPDX-License-Identifier: MIT
#include "export/collect.h"

#include "export/vm_list.h"
#include "version.h"

namespace exitledger {
namespace {

ProbeHealth health_of(const ProbeSample& sample, const Books& books) {
  ProbeHealth health;
  health.losses = sample.losses;
  health.slots_used = sample.slots_used;
  health.slots_limit = sample.slots_limit;
  health.hypercalls = sample.hypercalls;
  health.told = sample.told;
  health.judged = sample.judged;
  health.programs = books.programs();
  return health;
}

}  // namespace

ExportSnapshot collect(Books& books, std::size_t vm_limit, std::int64_t started_unix_ns) {
  ExportSnapshot snapshot;
  snapshot.version = kVersion;
  snapshot.revision = kRevision;
  snapshot.started_unix_ns = started_unix_ns;
  const auto sample = books.sample();  // one for the whole scrape: its families agree with each other
  snapshot.books = books.totals(sample);
  snapshot.sessions = books.sessions();
  snapshot.rounds_by_verdict = books.rounds_by_verdict();
  snapshot.stats_by_verdict = books.stats_by_verdict();
  snapshot.kvm_stats_up = books.third_witness_up();
  snapshot.readings_of_time = books.readings_of_time();
  snapshot.plain_up = books.other_vendor().up();
  snapshot.plain = books.other_vendor().sample();
  const ModuleState& modules = books.modules();
  if (modules.vendor) snapshot.leaf = books.leaf_state();
  if (!sample) return snapshot;
  snapshot.probe = health_of(*sample, books);
  if (!modules.vendor || !modules.paging) return snapshot;
  VmList list = list_vms(
      sample->vms, *modules.vendor, *modules.paging, [&books](std::uint64_t id) { return books.vm_names(id); },
      vm_limit);
  snapshot.vms = std::move(list.vms);
  snapshot.vms_left_out = list.left_out;
  return snapshot;
}

}  // namespace exitledger
