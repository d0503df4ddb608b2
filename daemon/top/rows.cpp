// SPDX-License-Identifier: MIT
#include "top/rows.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "model/units.h"

namespace exitledger::top {
namespace {

/// nullopt: it fell.
std::optional<std::uint64_t> risen(std::uint64_t now, std::uint64_t before) {
  return now < before ? std::nullopt : std::optional{now - before};
}

std::uint64_t count_in(const LiveCounts& counts, const std::string& reason) {
  const auto found = counts.find(reason);
  return found == counts.end() ? 0 : found->second;
}

/// `before`: nullptr if nothing is known of it.
void tally(Row& row, const LiveCounts& now, const LiveCounts* before, const std::string& only) {
  std::uint64_t most = 0;
  if (before != nullptr) row.news = 0;
  for (const auto& [reason, count] : now) {
    if (!only.empty() && reason != only) continue;
    row.total += count;
    const auto news = before == nullptr ? std::nullopt : risen(count, count_in(*before, reason));
    row.news = row.news && news ? std::optional{*row.news + *news} : std::nullopt;
    const std::uint64_t weight = before == nullptr ? count : news.value_or(0);
    if (weight > most) row.busiest = reason;
    most = std::max(most, weight);
  }
}

const LiveCounts kNothing;

/// The sample to compare with; nullptr if differences mean nothing.
const LiveSample* base_of(const Interval& interval) { return interval.ns() ? interval.before.get() : nullptr; }

std::vector<Row> finished(std::vector<Row> rows, const Interval& interval) {
  const auto ns = interval.ns();
  double all = 0;
  for (const Row& row : rows) all += static_cast<double>(row.total);
  for (Row& row : rows) {
    if (all > 0) row.share = 100 * static_cast<double>(row.total) / all;
    if (row.news && ns) row.rate = static_cast<double>(*row.news) * kNsPerSecond<double> / static_cast<double>(*ns);
  }
  return rows;
}

const LiveReason* find_reason(const LiveSample* sample, const std::string& name) {
  if (sample == nullptr) return nullptr;
  const auto found = std::ranges::find(sample->reasons, name, &LiveReason::name);
  return found == sample->reasons.end() ? nullptr : &*found;
}

std::optional<TimeOut> time_between(const LiveReason& now, const LiveReason* before) {
  if (!now.time) return std::nullopt;
  const TimeOut base = before != nullptr && before->time ? *before->time : TimeOut{};
  const auto exits = risen(now.time->exits, base.exits);
  const auto sum_ns = risen(now.time->sum_ns, base.sum_ns);
  if (!exits || !sum_ns) return std::nullopt;
  return TimeOut{*exits, *sum_ns};
}

std::optional<std::uint64_t> widened(std::optional<Reason> number) {
  return number ? std::optional<std::uint64_t>{*number} : std::nullopt;
}

Row row_of(const LiveReason& reason) {
  Row row;
  row.name = reason.name;
  row.number = widened(reason.number);
  row.total = reason.ebpf;
  row.reading = reason.reading;
  return row;
}

Row row_of(const LiveVm& vm) {
  Row row;
  row.name = vm.name;
  row.number = vm.id;
  row.pid = vm.pid;
  row.vcpus = vm.vcpus;
  return row;
}

Row row_of(const LiveVcpu& vcpu) {
  Row row;
  row.name = std::to_string(vcpu.id);
  row.number = vcpu.id;
  return row;
}

/// An id is given anew to a vCPU that is plugged in again.
const LiveVcpu* find_vcpu(const LiveVm* vm, std::uint32_t id, std::optional<std::uint64_t> born_ns) {
  if (vm == nullptr) return nullptr;
  const auto found = std::ranges::find_if(
      vm->each, [&](const LiveVcpu& vcpu) { return vcpu.id == id && vcpu.born_ns == born_ns.value_or(vcpu.born_ns); });
  return found == vm->each.end() ? nullptr : &*found;
}

// What `base` knew of it: who was not there then had no exit, for samples have all that live.
template <typename T>
const LiveCounts* counts_before(const LiveSample* base, const T* before) {
  if (base == nullptr) return nullptr;
  return before == nullptr ? &kNothing : &before->exits;
}

template <typename T>
Row gone_row(const T& was, const std::string& only) {
  Row row = row_of(was);
  tally(row, was.exits, nullptr, only);
  row.gone = true;
  return row;
}

template <typename T>
T known_last(const std::optional<T>& value, bool reversed) {
  return value ? (reversed ? *value : -*value) : std::numeric_limits<T>::max();
}

}  // namespace

bool same_session(const LiveSample& a, const LiveSample& b) {
  return a.session && b.session && a.session->id == b.session->id &&
         a.session->started_unix_ns == b.session->started_unix_ns;
}

std::optional<std::uint64_t> Interval::ns() const {
  if (!before || !now || !same_session(*before, *now) || now->time_ns <= before->time_ns) return std::nullopt;
  return now->time_ns - before->time_ns;
}

const LiveVm* find_vm(const LiveSample* sample, std::uint64_t vm) {
  if (sample == nullptr) return nullptr;
  const auto found = std::ranges::lower_bound(sample->vms, vm, {}, &LiveVm::id);
  return found == sample->vms.end() || found->id != vm ? nullptr : &*found;
}

std::vector<Row> reason_rows(const Interval& interval) {
  std::vector<Row> rows;
  if (!interval.now) return rows;
  const LiveSample* const base = base_of(interval);
  for (const LiveReason& reason : interval.now->reasons) {
    const LiveReason* const before = find_reason(base, reason.name);
    Row row = row_of(reason);
    if (base != nullptr) {
      row.news = risen(reason.ebpf, before == nullptr ? 0 : before->ebpf);
      row.time = time_between(reason, before);
    }
    rows.push_back(std::move(row));
  }
  return finished(std::move(rows), interval);
}

std::vector<Row> vm_rows(const Interval& interval, const std::string& only) {
  std::vector<Row> rows;
  if (!interval.now) return rows;
  const LiveSample* const base = base_of(interval);
  for (const LiveVm& vm : interval.now->vms) {
    Row row = row_of(vm);
    tally(row, vm.exits, counts_before(base, find_vm(base, vm.id)), only);
    rows.push_back(std::move(row));
  }
  if (base != nullptr)
    for (const LiveVm& was : base->vms)
      if (find_vm(interval.now.get(), was.id) == nullptr) rows.push_back(gone_row(was, only));
  return finished(std::move(rows), interval);
}

std::vector<Row> vcpu_rows(const Interval& interval, std::uint64_t vm, const std::string& only) {
  std::vector<Row> rows;
  const LiveVm* const now = find_vm(interval.now.get(), vm);
  if (now == nullptr) return rows;
  const LiveSample* const base = base_of(interval);
  const LiveVm* const before = find_vm(base, vm);
  for (const LiveVcpu& vcpu : now->each) {
    Row row = row_of(vcpu);
    tally(row, vcpu.exits, counts_before(base, find_vcpu(before, vcpu.id, vcpu.born_ns)), only);
    rows.push_back(std::move(row));
  }
  if (before != nullptr)
    for (const LiveVcpu& was : before->each)
      if (find_vcpu(now, was.id, {}) == nullptr) rows.push_back(gone_row(was, only));
  return finished(std::move(rows), interval);
}

std::vector<Row> reason_rows_of(const Interval& interval, std::uint64_t vm, std::optional<std::uint32_t> vcpu) {
  std::vector<Row> rows;
  const LiveSample* const base = base_of(interval);
  const LiveVm* const vm_now = find_vm(interval.now.get(), vm);
  const LiveVm* const vm_before = find_vm(base, vm);
  const LiveVcpu* const now = vcpu ? find_vcpu(vm_now, *vcpu, {}) : nullptr;
  if (vm_now == nullptr || (vcpu && now == nullptr) || !interval.now->session) return rows;
  const LiveCounts* const before =
      vcpu ? counts_before(base, find_vcpu(vm_before, now->id, now->born_ns)) : counts_before(base, vm_before);
  for (const auto& [reason, count] : vcpu ? now->exits : vm_now->exits) {
    Row row;
    row.name = reason;
    row.number = widened(reason_from(interval.now->session->vendor, reason));
    row.total = count;
    if (before != nullptr) row.news = risen(count, count_in(*before, reason));
    rows.push_back(std::move(row));
  }
  return finished(std::move(rows), interval);
}

void sort_rows(std::vector<Row>& rows, SortBy by, bool reversed) {
  const auto figure = [&](const Row& row) -> std::optional<double> {
    if (by == SortBy::kRate) return row.rate;
    if (by == SortBy::kTotal) return static_cast<double>(row.total);
    return row.number ? std::optional{-static_cast<double>(*row.number)} : std::nullopt;
  };
  const auto tie = [](const Row& row) { return std::tuple(~row.total, row.number.value_or(UINT64_MAX), row.name); };
  std::ranges::sort(rows, [&](const Row& a, const Row& b) {
    if (by == SortBy::kName && a.name != b.name) return reversed ? b.name < a.name : a.name < b.name;
    if (by != SortBy::kName) {
      const double x = known_last(figure(a), reversed), y = known_last(figure(b), reversed);
      if (x != y) return x < y;
    }
    return tie(a) < tie(b);
  });
}

Sum sum_of(const std::vector<Row>& rows) {
  Sum sum;
  sum.rate = 0;
  for (const Row& row : rows) {
    sum.total += row.total;
    sum.rate = sum.rate && row.rate ? std::optional{*sum.rate + *row.rate} : std::nullopt;
  }
  return sum;
}

}  // namespace exitledger::top
