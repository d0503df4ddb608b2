// SPDX-License-Identifier: MIT
#include "top/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace exitledger::top {
namespace {

struct Sorting {
  SortBy by;
  std::string_view name;
};
constexpr std::array<Sorting, 4> kSortings{
    {{SortBy::kRate, "rate"}, {SortBy::kTotal, "total"}, {SortBy::kName, "name"}, {SortBy::kNumber, "number"}}};

const Sorting* sorting_of(SortBy by) { return std::ranges::find(kSortings, by, &Sorting::by); }

SortBy next(SortBy by) {
  const auto at = static_cast<std::size_t>(sorting_of(by) - kSortings.data());
  return kSortings.at((at + 1) % kSortings.size()).by;
}

std::string vm_text(const Interval& interval, std::uint64_t id) {
  const LiveVm* const vm = find_vm(interval.now.get(), id);
  if (vm == nullptr) return fmt::format("VM {}, which is gone", id);
  return fmt::format("VM {}{}{}", id, vm->name.empty() ? "" : " ", vm->name);
}

}  // namespace

std::vector<Row> View::rows(const Interval& interval) const {
  const Place& here = place();
  std::vector<Row> rows;
  switch (here.kind) {
    case TableKind::kHostReasons: rows = reason_rows(interval); break;
    case TableKind::kReasons: rows = reason_rows_of(interval, here.vm, here.vcpu); break;
    case TableKind::kVms: rows = vm_rows(interval, here.only); break;
    case TableKind::kVcpus: rows = vcpu_rows(interval, here.vm, here.only); break;
  }
  sort_rows(rows, order_.by, order_.reversed);
  return rows;
}

std::size_t View::selected(const std::vector<Row>& rows) const {
  const Place& here = place();
  if (rows.empty() || !here.chosen) return 0;
  const auto found = std::ranges::find(rows, *here.chosen, &Row::key);
  if (found != rows.end()) return static_cast<std::size_t>(found - rows.begin());
  return std::min(here.at, rows.size() - 1);
}

std::string View::title(const Interval& interval) const {
  const Place& here = place();
  const std::string only = here.only.empty() ? "" : fmt::format(", {} alone", here.only);
  const auto of = [&] { return vm_text(interval, here.vm); };
  std::string text;
  switch (here.kind) {
    case TableKind::kHostReasons: text = "reasons of the host"; break;
    case TableKind::kReasons:
      text = here.vcpu ? fmt::format("reasons of vCPU {} of {}", *here.vcpu, of()) : "reasons of " + of();
      break;
    case TableKind::kVms: text = "VMs" + only; break;
    case TableKind::kVcpus: text = fmt::format("vCPUs of {}{}", of(), only); break;
  }
  return fmt::format("{}, by {}{}", text, sorting_of(order_.by)->name, order_.reversed ? ", reversed" : "");
}

void View::move(const std::vector<Row>& rows, std::size_t to) {
  if (rows.empty()) return;
  Place& here = path_.back();
  here.at = std::min(to, rows.size() - 1);
  here.chosen = rows[here.at].key();
}

void View::move_by_key(Key key, const std::vector<Row>& rows, std::size_t page) {
  const std::size_t at = selected(rows);
  const auto up = [at](std::size_t by) { return at - std::min(at, by); };
  if (key == Key::kUp) move(rows, up(1));
  if (key == Key::kDown) move(rows, at + 1);
  if (key == Key::kPageUp) move(rows, up(page));
  if (key == Key::kPageDown) move(rows, at + page);
  if (key == Key::kFirst) path_.back().chosen.reset();
  if (key == Key::kLast) move(rows, rows.size());
}

void View::go_in(const Row& row) {
  const Place here = place();
  if (here.kind == TableKind::kHostReasons) path_.push_back({.kind = TableKind::kVms, .only = row.name});
  if (here.kind == TableKind::kVms && !row.gone)
    path_.push_back({.kind = TableKind::kVcpus, .vm = row.number.value_or(0), .only = here.only});
  if (here.kind == TableKind::kVcpus) show_reasons(row);
}

void View::show_reasons(const Row& row) {
  const Place here = place();
  const std::uint64_t number = row.number.value_or(0);
  if (row.gone) return;
  if (here.kind == TableKind::kVms) path_.push_back({.kind = TableKind::kReasons, .vm = number});
  if (here.kind == TableKind::kVcpus)
    path_.push_back({.kind = TableKind::kReasons, .vm = here.vm, .vcpu = static_cast<std::uint32_t>(number)});
}

void View::press(Key key, const std::vector<Row>& rows, std::size_t page) {
  if (help_ && key != Key::kQuit) {
    help_ = help_ && key == Key::kNone;
    return;
  }
  const auto chosen = [&] { return rows.empty() ? nullptr : &rows[selected(rows)]; };
  switch (key) {
    case Key::kNone: break;
    case Key::kQuit: quit_ = true; break;
    case Key::kHelp: help_ = true; break;
    case Key::kSort: order_ = {next(order_.by), false}; break;
    case Key::kReverse: order_.reversed = !order_.reversed; break;
    case Key::kPause: paused_ = !paused_; break;
    case Key::kUp:
    case Key::kDown:
    case Key::kPageUp:
    case Key::kPageDown:
    case Key::kFirst:
    case Key::kLast: move_by_key(key, rows, page); break;
    case Key::kIn:
      if (const Row* row = chosen()) go_in(*row);
      break;
    case Key::kReasons:
      if (const Row* row = chosen()) show_reasons(*row);
      break;
    case Key::kOut:
      if (path_.size() > 1) path_.pop_back();
      break;
    case Key::kHostReasons: path_ = {Place{}}; break;
    case Key::kVms: path_ = {Place{.kind = TableKind::kVms}}; break;
  }
}

}  // namespace exitledger::top
