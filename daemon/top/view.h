// SPDX-License-Identifier: MIT
// What the user looks at, and what keys do to it. Pure: knows no terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "top/rows.h"
#include "top/table.h"

namespace exitledger::top {

enum class Key {
  kNone,
  kQuit,
  kHelp,
  kSort,
  kReverse,
  kPause,
  kUp,
  kDown,
  kPageUp,
  kPageDown,
  kFirst,
  kLast,
  kIn,       ///< a reason: the VMs that have it; a VM: its vCPUs; a vCPU: its reasons
  kReasons,  ///< of the VM or vCPU that is selected
  kOut,
  kHostReasons,
  kVms,
};

/// Whose rows are shown.
struct Place {
  TableKind kind = TableKind::kHostReasons;
  std::uint64_t vm = 0;                 ///< kReasons and kVcpus
  std::optional<std::uint32_t> vcpu{};  ///< kReasons: of this one alone
  std::string only{};                   ///< kVms and kVcpus: exits of this reason alone; empty: all
  std::optional<std::string> chosen{};  ///< Row::key() of the selected row; nullopt: the first one, whichever it is
  std::size_t at = 0;                   ///< where that was seen last
};

class View {
 public:
  /// Rows of the place, sorted.
  [[nodiscard]] std::vector<Row> rows(const Interval& interval) const;
  /// Index of the selected row: follows it through sorting; where it is gone the row in its place. 0 of no rows.
  [[nodiscard]] std::size_t selected(const std::vector<Row>& rows) const;
  /// "reasons of vCPU 0 of VM 7 web, by rate"; names as they come, any bytes.
  [[nodiscard]] std::string title(const Interval& interval) const;

  /// `rows` are those shown, `page` how many of them fit. With the help open every key but kQuit closes it.
  void press(Key key, const std::vector<Row>& rows, std::size_t page);

  [[nodiscard]] const Place& place() const { return path_.back(); }
  [[nodiscard]] Order order() const { return order_; }
  [[nodiscard]] bool paused() const { return paused_; }
  [[nodiscard]] bool help() const { return help_; }
  [[nodiscard]] bool quit() const { return quit_; }

 private:
  void move(const std::vector<Row>& rows, std::size_t to);
  void move_by_key(Key key, const std::vector<Row>& rows, std::size_t page);
  void go_in(const Row& row);
  void show_reasons(const Row& row);

  std::vector<Place> path_{Place{}};  ///< never empty
  Order order_;
  bool paused_ = false, help_ = false, quit_ = false;
};

}  // namespace exitledger::top
