// SPDX-License-Identifier: MIT
#include "export/live.h"

#include <algorithm>
#include <limits>

#include "base/clock.h"
#include "base/utf8.h"
#include "export/vm_list.h"

namespace exitledger {
namespace {

// Summands that have a row of their own: the leaf folds all undefined codes into kReasonUnknown.
std::vector<Reason> make_row_reasons(Vendor vendor) {
  std::vector<Reason> reasons;
  for (const ReasonInfo& info : defined_reasons(vendor)) reasons.push_back(info.number);
  const auto at = std::lower_bound(reasons.begin(), reasons.end(), kReasonUnknown);
  reasons.insert(at, kReasonUnknown);
  return reasons;
}

// Made once: they are asked for by every vCPU.
const std::vector<Reason>& row_reasons(Vendor vendor) {
  static const std::vector<Reason> vmx = make_row_reasons(Vendor::kVmx), svm = make_row_reasons(Vendor::kSvm);
  return vendor == Vendor::kVmx ? vmx : svm;
}

LiveCounts live_counts(const Counts& counts, Vendor vendor) {
  LiveCounts live;
  for (const Reason reason : row_reasons(vendor))
    if (const std::uint64_t count = count_of(counts, vendor, reason); count > 0)
      live[reason_label(vendor, reason)] = count;
  if (const std::uint64_t unread = counts.at[EL_INDEX_UNREAD]; unread > 0) live[std::string{kUnread}] = unread;
  return live;
}

// Folded as the counts are.
TimesOut times_of(const Session& session) {
  TimesOut times;
  if (!session.times_out) return times;
  for (const auto& [reason, time] : *session.times_out) {
    TimeOut& sum = times[is_defined(session.vendor, reason) ? reason : kReasonUnknown];
    sum.exits += time.exits;
    sum.sum_ns += time.sum_ns;
  }
  return times;
}

std::optional<LiveReason::Reading> reading_of(const Session& session, Reason reason) {
  for (const ReasonVerdict& row : session.reasons)
    if (row.reason == reason) return LiveReason::Reading{row.ebpf, row.leaf, row.own, row.residual, row.verdict};
  return std::nullopt;
}

std::vector<LiveReason> reasons_of(const Session& session) {
  const TimesOut times = times_of(session);
  std::vector<LiveReason> rows;
  for (const Reason reason : row_reasons(session.vendor)) {
    LiveReason row{
        reason_label(session.vendor, reason), reason, count_of(session.ebpf, session.vendor, reason), {}, {}};
    row.reading = reading_of(session, reason);
    if (const auto time = times.find(reason); time != times.end()) row.time = time->second;
    // What the leaf alone has counted is a row, too: nothing weighs more.
    if (row.ebpf > 0 || (row.reading && row.reading->leaf > 0)) rows.push_back(std::move(row));
  }
  if (const std::uint64_t unread = session.ebpf.at[EL_INDEX_UNREAD]; unread > 0)
    rows.push_back({std::string{kUnread}, std::nullopt, unread, {}, {}});
  return rows;
}

LiveSession session_of(const RunningSession& running) {
  const Session& session = running.session();
  LiveSession live;
  live.id = session.id;
  live.name = session.name;
  live.vendor = session.vendor;
  live.paging = session.paging;
  live.started_unix_ns = session.started_unix_ns;
  live.verdict = session.verdict;
  live.why = session.why;
  for (const BrokenLaw& law : session.laws_broken) live.laws_broken.push_back(law.law);
  if (session.third) live.third = session.third->verdict();
  live.leaf = session.leaf;
  live.leaf_detail = session.leaf_detail;
  live.rounds = session.rounds;
  if (running.read_ns() != 0) live.read_ns = running.read_ns();
  live.lost = session.losses.of_host_book();
  live.lost_by_vcpus = session.losses.of_vcpu_books();
  return live;
}

LiveVm vm_of(const ExportVm& vm) {
  LiveVm live;
  live.id = vm.sample.id;
  live.name = valid_utf8(vm.name);
  live.uuid = valid_utf8(vm.uuid);
  live.pid = vm.sample.tgid;
  live.born_ns = vm.sample.born_ns;
  live.vcpus = vm.sample.vcpus;
  live.exits = live_counts(vm.sample.counts, vm.vendor);
  for (const VcpuSample& vcpu : vm.sample.living)
    live.each.push_back({vcpu.id, vcpu.born_ns, live_counts(vcpu.counts, vm.vendor)});
  return live;
}

}  // namespace

LiveSample live_sample(Books& books) {
  const auto sample = books.sample(true);
  LiveSample live;
  live.time_ns = sample ? sample->time_ns : monotonic_now_ns();
  live.unix_ns = unix_now_ns();
  live.detached_because = books.detached_because();
  const RunningSession* const running = books.running();
  if (!sample || running == nullptr) return live;
  const Session& session = running->session();
  live.session = session_of(*running);
  live.reasons = reasons_of(session);
  const auto names = [&books](std::uint64_t id) { return books.vm_names(id); };
  const auto all = std::numeric_limits<std::size_t>::max();
  for (const ExportVm& vm : list_vms(sample->vms, session.vendor, session.paging, names, all).vms)
    live.vms.push_back(vm_of(vm));
  return live;
}

}  // namespace exitledger
