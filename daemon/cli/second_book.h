// SPDX-License-Identifier: MIT
// The daemon's book of one kind of exit, read around the interval of a drill-down.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/backend.h"
#include "crosscheck/detail_check.h"
#include "model/detail.h"

namespace exitledger::cli {

class DaemonBook {
 public:
  /// Finds the daemon on the socket, if there is one.
  DaemonBook(const Common& common, Vendor vendor, DetailKind kind);

  /// One of the four readings of SecondBook, in its order. None of them makes an exit.
  void read();

  /// All four readings, of one session. nullopt: see why_not().
  [[nodiscard]] std::optional<SecondBook> book() const;
  /// Why there is no second book, one clause; empty if there is one.
  [[nodiscard]] std::string why_not() const;

 private:
  struct Reading {
    std::string session;
    std::uint64_t exits = 0, lost = 0;
  };
  [[nodiscard]] Result<Reading> ask() const;

  std::unique_ptr<Backend> daemon_;
  std::vector<unsigned> indices_;  ///< of the kind's reasons in a book
  Vendor vendor_;
  std::vector<Reading> readings_;
  std::string why_not_;
};

}  // namespace exitledger::cli
