// SPDX-License-Identifier: MIT
// The eBPF book of a document against its rows.
#include <algorithm>

#include "certificate/recompute_parts.h"

namespace exitledger {
namespace {

std::uint64_t summands_in(const Counts& book) {
  std::uint64_t sum = book.at[EL_INDEX_UNKNOWN] + book.at[EL_INDEX_UNREAD];
  for (unsigned index = 0; index < EL_INDEX_ALL; ++index) sum += book.at[index];
  return sum;
}

/// Each exit is counted once under a reason and once in all.
void check_sum(const Session& session, Findings& findings) {
  findings.expect("exits", session.ebpf.all(), summands_in(session.ebpf), "the reasons in `book` add up to");
  const Losses& losses = session.losses;
  findings.expect("losses_by_cause", losses.cause[EL_LOSS_NO_OFFSET] + losses.cause[EL_LOSS_READ_FAILED],
                  session.ebpf.at[EL_INDEX_UNREAD], "as no_offset and read_failed, `book` has of such exits");
}

const ReasonVerdict* row_of(const Session& session, Reason reason) {
  const auto found = std::find_if(session.reasons.begin(), session.reasons.end(),
                                  [&](const ReasonVerdict& row) { return row.reason == reason; });
  return found == session.reasons.end() ? nullptr : &*found;
}

/// A session that was cut at its last reading has the book of that reading's rounds, each of its own instant. Any other
/// has more exits, and more of CPUID: the reader went on asking. Either is looked at, so that no one count decides.
bool cut_at_reading(const Session& session) {
  if (session.running() || session.interrupted) return false;
  const auto as_read = [&](Reason reason) {
    const ReasonVerdict* const row = row_of(session, reason);
    return row != nullptr && row->ebpf == book_of(session, reason);
  };
  return as_read(kReasonAll) || as_read(cpuid_reason(session.vendor));
}

bool was_asked(const Session& session, Reason reason) {
  return std::ranges::any_of(session.raw, [&](const Round& round) { return round.reason == reason; });
}

/// Every count of the book is its row's.
void check_cut(const Session& session, Findings& findings) {
  for (unsigned index = 0; index < EL_INDEX_COUNT; ++index) {
    const auto reason = reason_at(session.vendor, index);
    if (!reason) continue;
    if (!is_pseudo(*reason) && !is_defined(session.vendor, *reason)) continue;  // asked for as part of the unknown
    const ReasonVerdict* const row = row_of(session, *reason);
    if (is_nested(*reason) && !row && !was_asked(session, *reason)) continue;  // a module of before has no such counter
    findings.expect("book: " + reason_label(session.vendor, *reason), book_of(session, *reason),
                    row == nullptr ? 0 : row->ebpf, "the session ended at its last reading, which had");
  }
  if (const ReasonVerdict* const all = row_of(session, kReasonAll))
    findings.expect("own_exits", session.own_exits, all->own, "the session ended at its last reading, which had");
}

void expect_at_most(const std::string& path, std::uint64_t stated, std::uint64_t most, std::string_view of,
                    Findings& findings) {
  if (stated > most) findings.refute(path, fmt::format("states {}, {} are {}", stated, of, most));
}

/// What is counted beside the book is no more than the book has.
void check_beside(const Session& session, Findings& findings) {
  const std::uint64_t all = session.ebpf.all();
  expect_at_most("own_exits", session.own_exits, all, "all exits", findings);
  expect_at_most("hypercalls.reflected", session.hypercalls.reflected, all, "all exits", findings);
  std::uint64_t of_vms = std::min(session.vms_left_out, all + 1);  // each of these exited, too
  for (const SessionVm& vm : session.vms)
    if (of_vms <= all) of_vms += std::min(vm.exits, all + 1);
  expect_at_most("vms", of_vms, all - std::min(all, session.own_exits), "all exits but the reader's own", findings);
  // An interval ends after its exit: that of a vCPU which is older than the session may have been before it.
  if (!session.times_out || !session.began_at_load) return;
  std::size_t i = 0;
  for (const auto& [reason, time] : *session.times_out)
    expect_at_most(fmt::format("times_out[{}].exits", i++), time.exits, book_of(session, reason),
                   "such exits in `book`", findings);
}

}  // namespace

std::uint64_t book_of(const Session& session, Reason reason) { return count_of(session.ebpf, session.vendor, reason); }

bool ended_with_module(const Session& session) {
  return session.began_at_load && !session.running() && !session.interrupted && session.leaf == LeafState::kPresent &&
         !cut_at_reading(session);
}

bool at_rest(const Session& session) { return ended_with_module(session) || still_since_last_look(session); }

void check_book(const Session& session, Findings& findings) {
  const std::vector<std::string> paths = row_paths(session);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const ReasonVerdict& row = session.reasons[i];
    if (const std::uint64_t book = book_of(session, row.reason); book < row.ebpf)
      findings.refute("book", fmt::format("has {} of {}, and {}.ebpf {} already", book,
                                          reason_label(session.vendor, row.reason), paths[i], row.ebpf));
    if (row.reason == kReasonAll && session.own_exits < row.own)
      findings.refute("own_exits",
                      fmt::format("states {}, and {}.own {} already", session.own_exits, paths[i], row.own));
  }
  if (cut_at_reading(session)) check_cut(session, findings);
  if (!at_rest(session)) return;
  check_sum(session, findings);
  check_beside(session, findings);
}

}  // namespace exitledger
