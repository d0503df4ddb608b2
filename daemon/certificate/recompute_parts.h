// SPDX-License-Identifier: MIT
// The parts of recompute(): one function per part of a session's document.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "certificate/recompute.h"
#include "model/session.h"

namespace exitledger {

/// Collects what the parts find.
class Findings {
 public:
  void refute(std::string path, std::string what) { found_.refuted.push_back({std::move(path), std::move(what)}); }
  /// Refutes unless both are the same. `from`: where the second comes from, as in "the rounds give".
  template <typename T>
  void expect(const std::string& path, T stated, T found, std::string_view from) {
    if (stated != found) refute(path, fmt::format("states {}, {} {}", stated, from, found));
  }
  void untold(std::string line) { found_.untold.push_back(std::move(line)); }
  [[nodiscard]] bool refuted() const { return !found_.refuted.empty(); }
  [[nodiscard]] Recomputed take() { return std::move(found_); }

 private:
  Recomputed found_;
};

/// Where a row stands in the document: "reasons[3]", "pseudo[0]". In the order of Session::reasons.
[[nodiscard]] std::vector<std::string> row_paths(const Session& session);

/// A clause is given where, and only where, a verdict is not the best.
void check_why(const std::string& path, bool best, const std::string& why, Findings& findings);

void check_rounds(const Session& session, Findings& findings);    ///< rounds, and the sums in the rows
void check_verdicts(const Session& session, Findings& findings);  ///< of rows and session; the rounds must be sound
void check_laws(const Session& session, Findings& findings);
void check_labels(const Session& session, Findings& findings);  ///< paging, where it began, calibration
void check_book(const Session& session, Findings& findings);
void check_third_witness(const Session& session, Findings& findings);
void check_hypercalls(const Session& session, Findings& findings);
void check_time(const Session& session, Findings& findings);
void check_times_out(const Session& session, Findings& findings);

[[nodiscard]] std::uint64_t book_of(const Session& session, Reason reason);

/// Whether the module was unloaded or loaded anew, and no exit was on its way. Where the leaf could not be read at its
/// end, a session may have been cut with guests running.
[[nodiscard]] bool ended_with_module(const Session& session);
/// Whether no vCPU lived at the last look at KVM's statistics, and no exit came since.
[[nodiscard]] bool still_since_last_look(const Session& session);
/// Whether the eBPF book in the document is of one instant at which nothing ran, so that its counters add up.
[[nodiscard]] bool at_rest(const Session& session);

}  // namespace exitledger
