// SPDX-License-Identifier: MIT
// Two sessions, or the runs of two modes of an experiment, side by side, per reason and net of the reader's own exits.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compare/operands.h"
#include "compare/repeats.h"
#include "model/session.h"

namespace exitledger {

/// Both books net of own; no leaf where a session had none (absent is not zero). Over several runs the median of each.
struct NetBooks {
  std::uint64_t ebpf = 0;
  std::optional<std::uint64_t> leaf;
};

/// One side's exits of one reason.
struct ComparedExits {
  NetBooks books;
  Spread<std::uint64_t> spread;  ///< of the eBPF book over the runs; its median is books.ebpf
};

struct ComparedReason {
  Reason reason = 0;
  std::string name;
  ComparedExits a, b;
  std::int64_t difference = 0;  ///< b − a, by the eBPF book; where all runs agree, by the leaf too
  std::optional<double> ratio;  ///< b / a; none where a is 0
  double share = 0;             ///< of all that grew, or of all that shrank, this reason's part: 0 to 1
  bool proven = false;          ///< both books agreed on it in every run

  /// Whether what the runs of A had and what those of B had overlap; nullopt where neither side has repeats.
  [[nodiscard]] std::optional<bool> ranges_overlap() const;
};

/// Where a side's time out of the guest went; of each run the three add up to its time, medians need not.
struct ComparedWhere {
  Spread<std::uint64_t> kvm_ns, user_ns, scheduled_out_ns;
};

/// One side's time out of the guest of one reason.
struct ComparedTimes {
  Spread<std::uint64_t> sum_ns;
  std::optional<double> ns_per_exit;   ///< median of the runs' means; none without an exit that was entered from again
  std::optional<ComparedWhere> where;  ///< nullopt unless every run knows it
};

/// Time from exit to the next entry, by the eBPF book, the reader's own exits included; nullopt where a run keeps none.
struct ComparedTime {
  Reason reason = 0;
  std::string name;
  std::optional<ComparedTimes> a, b;
  std::optional<double> ratio;  ///< of the sums, b / a; none where a is 0 or absent, or b absent
};

/// One of KVM's MMU statistics; nullopt where a run does not have it.
struct ComparedStat {
  std::string name;
  std::optional<Spread<std::int64_t>> a, b;
};

/// What a reader must know of one run before any of its numbers.
struct ComparedRun {
  std::string id;            ///< of its session
  std::uint32_t number = 0;  ///< in its experiment's mode; 0 for a session taken by itself
  Verdict verdict = Verdict::kCannotTell;
  std::string why;
  std::vector<BrokenLaw> laws_broken;
  std::uint64_t losses = 0;  ///< of the host's book
  std::uint64_t rounds = 0, epoch = 0;
  std::uint64_t exits = 0;  ///< net of own, by the eBPF book
  std::int64_t started_unix_ns = 0, ended_unix_ns = 0;
};

/// One side. What is said of several runs is the worst of them (verdict), all of them (losses, rounds, laws), or the
/// first one's; what differs between them is among the notes or objections.
struct ComparedSide {
  std::string id, name;          ///< of the session; of a mode's runs: empty, and EXPERIMENT/MODE
  std::string experiment, mode;  ///< empty for a session taken by itself
  std::string kernel, cpu, command, why;
  Vendor vendor = Vendor::kVmx;
  Paging paging = Paging::kEpt;
  Verdict verdict = Verdict::kCannotTell;
  std::uint64_t losses = 0, rounds = 0;
  bool has_laws = false;  ///< false: no law of this vendor and mode is known, so none was kept either
  std::vector<BrokenLaw> laws_broken;
  std::vector<ComparedRun> runs;
  std::vector<LeftOut> left_out;
  std::uint64_t own_counted = 0;  ///< exits of the reader's own that could not be taken out of the counts
  std::vector<std::string> vms;   ///< names of the VMs seen, each once; those without a name have none here

  [[nodiscard]] bool repeats() const { return runs.size() > 1; }
};

struct Comparison {
  ComparedSide a, b;
  std::vector<std::string> objections;  ///< why the numbers do not carry a comparison; empty: they do
  std::vector<std::string> notes;       ///< what was left out, differs besides the paging mode, or is not checked
  std::vector<ComparedReason> reasons;  ///< ascending; those with an exit that is not the reader's own
  ComparedReason total;                 ///< of each run the sum over its reasons; `share` means nothing here
  std::vector<ComparedTime> times;      ///< ascending; empty if no side keeps time
  std::vector<ComparedStat> mmu;        ///< by KVM's names, ascending; empty if no side has any

  [[nodiscard]] bool repeats() const { return a.repeats() || b.repeats(); }
  /// Whether any side knows of any reason where its time went.
  [[nodiscard]] bool splits_time() const;
};

/// Counts at each session's last reading; of a session without one, all exits that eBPF saw, the reader's own among
/// them: only their sum is known.
[[nodiscard]] Comparison compare(const Operand& a, const Operand& b);
[[nodiscard]] Comparison compare(const Session& a, const Session& b);

/// One paragraph of plain words, one line: what differs, which reasons account for how much of it, and why where the
/// paging mode explains it. Says nothing that the counts do not show.
[[nodiscard]] std::string paragraph(const Comparison& comparison);

// What objections and notes are made from (compare_notes.cpp); both sides are in `comparison` already.
void add_objections(Comparison& comparison, const Operand& a, const Operand& b);
void add_notes(Comparison& comparison, const Operand& a, const Operand& b);

// The same comparison in five forms. In each what stands behind the numbers comes before the first of them.

/// Tables of at most 100 columns for a terminal (a count above 10^15 may need more); newline at its end.
[[nodiscard]] std::string to_text(const Comparison& comparison);
/// Its keys are in exitledger-compare(1), as are the CSV's columns.
[[nodiscard]] nlohmann::ordered_json to_json(const Comparison& comparison);
/// RFC 4180, one header, every record of the same fields.
[[nodiscard]] std::string to_csv(const Comparison& comparison);
[[nodiscard]] std::string to_markdown(const Comparison& comparison);
/// One page that needs nothing else: no script, no address. Also well-formed XML.
[[nodiscard]] std::string to_html(const Comparison& comparison);

}  // namespace exitledger
