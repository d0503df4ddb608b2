// SPDX-License-Identifier: MIT
// Reconciles the two books over one session. Pure: values in, verdicts out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crosscheck/interval.h"
#include "crosscheck/track.h"
#include "model/reading.h"
#include "model/verdict.h"

namespace exitledger {

/// One CPU's book of one reason.
struct Place {
  std::uint32_t cpu = 0;
  Reason reason = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// The rules, per CPU and reason (design: the cross-check):
///  * K = leaf − eBPF is a constant; each round leaves an interval for it, and intervals are intersected.
///  * Nothing left: the books disagree, for the rest of the session. A surplus of the leaf that is not above the losses
///    of the eBPF book is explained by them, and no disagreement.
///  * A round that is one point, and K was one point (equal, or nothing would be left): they agree as of that round.
///  * Otherwise "within bracket": wider rounds, a point that narrowed a wider K, and without bases the first round,
///  which
///    sets K and so proves nothing yet.
///  * "Cannot tell", for as long as it holds: a loss in the host's book (for good); another epoch or a count that fell
///    (for good: later readings are not looked at); a CPU that was read before and is not in the newest reading (until
///    it is back: its books went on meanwhile, and K covers the gap); a CPU whose first round came after the session
///    began and that has no base (for good: what it did before is in no sum); more exits of the reader's own than a
///    book holds.
/// One exception to "a count that fell is a reset": a leaf that falls by exactly 2^32 within one epoch disagrees.
/// The sweep must hold every online CPU: a CPU that was never read cannot be missed here.
class CrossCheck {
 public:
  /// `bases`: the eBPF book when the leaf stood at zero, one per CPU and reason, for a session whose start was seen:
  /// K is known before the first round, and the first exact round proves; Round::own is then counted from that instant.
  /// Empty: the first round of a CPU and reason sets K and the session's zero point, for `own` too.
  CrossCheck(Vendor vendor, const std::vector<Base>& bases);

  /// Takes one reading. A reading of another epoch, or one in which a count fell, makes the verdict "cannot tell" from
  /// then on: epochs are never crossed. `host_losses`: losses of the host's book within the session so far.
  void accept(const Reading& reading, std::uint64_t host_losses);

  /// Per reason, ascending, summed over CPUs; only reasons that either book has counted since the start or that
  /// disagree, and kReasonAll last once there was a reading. A residual is the sum of the CPUs' magnitudes, so that
  /// opposite ones do not cancel; negative if none is positive.
  [[nodiscard]] std::vector<ReasonVerdict> reasons() const;
  [[nodiscard]] Verdict verdict() const;
  /// One clause for a verdict that is not "agrees", naming reasons.
  [[nodiscard]] std::string why() const;

  /// Readings judged; one that broke the session is not among them.
  [[nodiscard]] std::uint64_t readings() const { return readings_; }
  /// The rounds of the newest reading judged.
  [[nodiscard]] const std::vector<Round>& raw() const { return last_; }
  /// The session's zero point per CPU and reason, as rounds: raw() minus these, summed, are the rows of reasons().
  [[nodiscard]] std::vector<Round> start() const;

 private:
  [[nodiscard]] std::string objection_to(const Reading& reading) const;
  [[nodiscard]] std::string objection_to(const Round& round) const;
  [[nodiscard]] Track track_for(const Round& round) const;
  [[nodiscard]] std::string obstacle() const;
  [[nodiscard]] std::map<Reason, ReasonVerdict> rows() const;

  Vendor vendor_;
  std::map<Place, std::uint64_t> bases_;
  std::map<Place, Track> tracks_;
  std::optional<std::pair<std::uint64_t, Paging>> epoch_;  // of the first reading
  std::uint64_t readings_ = 0;
  std::uint64_t losses_ = 0;
  std::string broken_;              // why nothing can be told from here on
  std::set<std::uint32_t> silent_;  // CPUs that the newest reading swept without a round
  std::vector<Round> last_;
};

}  // namespace exitledger
