// SPDX-License-Identifier: MIT
#include <array>

#include "export/family_groups.h"
#include "model/units.h"

namespace exitledger {
namespace {

constexpr std::array kLeafStates{LeafState::kPresent, LeafState::kAbsent, LeafState::kRefused, LeafState::kFailed};

void append_balance(const ExportSnapshot& snapshot, Families& out) {
  FamilyBuilder<family::kResidual> residual;
  FamilyBuilder<family::kLastExact> last_exact;
  for (const auto& [mode, books] : snapshot.books) {
    const std::string_view paging = to_string(mode);
    for (const auto& [reason, exits] : books.residual) {
      if (is_summand(reason)) residual.add(exits, paging, reason_label(books.vendor, reason));
    }
    if (books.last_exact_unix_ns != 0)
      last_exact.add(static_cast<double>(books.last_exact_unix_ns) / kNsPerSecond<double>, paging);
  }
  std::move(residual).append_to(out);
  std::move(last_exact).append_to(out);
}

// All verdicts, also those never given: an alert on the first "disagrees" needs the 0 before it.
template <typename Family>
void append_verdicts(const std::map<Verdict, std::uint64_t>& given, Families& out) {
  Family rounds;
  for (const Verdict verdict : kVerdicts) {
    const auto found = given.find(verdict);
    rounds.add(found == given.end() ? 0 : found->second, to_string(verdict));
  }
  std::move(rounds).append_to(out);
}

void append_witnesses(const ExportSnapshot& snapshot, Families& out) {
  FamilyBuilder<family::kWitnessUp> up;
  up.add(snapshot.probe ? 1 : 0, "ebpf");
  up.add(snapshot.leaf == LeafState::kPresent ? 1 : 0, "leaf");
  if (snapshot.kvm_stats_up) up.add(*snapshot.kvm_stats_up ? 1 : 0, "kvm_stats");
  if (snapshot.plain_up) up.add(*snapshot.plain_up ? 1 : 0, "plain_tracepoint");
  std::move(up).append_to(out);

  FamilyBuilder<family::kStoreUp> store;
  FamilyBuilder<family::kStoreFailures> failures;
  if (snapshot.store) {
    store.add(snapshot.store->up ? 1 : 0);
    failures.add(snapshot.store->failed_writes);
  }
  std::move(store).append_to(out);
  std::move(failures).append_to(out);

  FamilyBuilder<family::kLeafState> state;
  if (snapshot.leaf) {
    for (const LeafState each : kLeafStates) state.add(each == *snapshot.leaf ? 1 : 0, to_string(each));
  }
  std::move(state).append_to(out);
}

void append_plain(const std::optional<PlainSample>& plain, Families& out) {
  if (!plain) return;
  FamilyBuilder<family::kPlainExits> exits;
  for (const PlainExits& row : plain->exits) exits.add(row.count, std::to_string(row.isa), std::to_string(row.reason));
  exits.add(plain->other, "", "other");
  std::move(exits).append_to(out);
}

}  // namespace

void append_crosscheck(const ExportSnapshot& snapshot, Families& out) {
  append_balance(snapshot, out);
  append_verdicts<FamilyBuilder<family::kRounds>>(snapshot.rounds_by_verdict, out);
  append_verdicts<FamilyBuilder<family::kStatsRounds>>(snapshot.stats_by_verdict, out);
  append_witnesses(snapshot, out);
  append_plain(snapshot.plain, out);
  FamilyBuilder<family::kBuildInfo> build;
  build.add(1, snapshot.version, snapshot.revision);
  std::move(build).append_to(out);
}

}  // namespace exitledger
