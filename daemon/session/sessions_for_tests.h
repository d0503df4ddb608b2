// SPDX-License-Identifier: MIT
// Sessions as a finished experiment leaves them, for tests.
#pragma once

#include <string>
#include <vector>

#include "model/session.h"

namespace exitledger {

struct Row {
  Reason reason;
  std::uint64_t count;
  std::uint64_t own = 0;
};

/// Both books equal, one exact round per reason on CPU 0 and one round of a reason that did not happen; kReasonAll
/// last.
inline Session agreed_session(std::string id, Paging paging, const std::vector<Row>& rows) {
  Session session;
  session.id = std::move(id);
  session.paging = paging;
  session.kernel = "6.1.0-test";
  session.epoch = 0xFEDC'BA98'7654'3210;
  session.started_unix_ns = 1'700'000'000'000'000'001;
  session.ended_unix_ns = 1'700'000'060'000'000'000;
  session.last_exact_unix_ns = 1'700'000'059'000'000'000;
  session.calibration = {Verdict::kAgrees, ""};
  session.began_at_load = true;
  session.leaf = LeafState::kPresent;
  session.parameters = {{"kvm_intel.ept", paging == Paging::kEpt ? "Y" : "N"}, {"kvm_intel.vpid", "Y"}};
  session.rounds = 3;
  session.verdict = Verdict::kAgrees;
  Row all{kReasonAll, 0, 0};
  const auto add = [&](const Row& row) {
    session.reasons.push_back({row.reason, row.count, row.count, row.own, 0, Verdict::kAgrees, ""});
    session.raw.push_back({0, row.reason, 0, row.count + 7, row.count, row.count + 7, row.own});
    session.ebpf.at.at(index_of(session.vendor, row.reason)) = row.count;
  };
  for (const Row& row : rows) {
    add(row);
    all.count += row.count;
    all.own += row.own;
  }
  add(all);
  session.raw.push_back({0, vmx::kPmlFull, 0, 0, 0, 0, 0});
  return session;
}

/// The first result measured in the lab: boot of a Linux guest and 50 forks.
inline Session ept_session() {
  return agreed_session(
      "1", Paging::kEpt,
      {{1, 6'999}, {7, 39}, {10, 1'735, 80}, {28, 10}, {30, 61'377}, {31, 69}, {32, 21}, {40, 8'510}, {48, 592}});
}
inline Session shadow_session() {
  return agreed_session("2", Paging::kShadow,
                        {{0, 23'226, 2},
                         {1, 7'008},
                         {7, 282},
                         {10, 1'730, 80},
                         {14, 884},
                         {28, 17'997},
                         {30, 63'094},
                         {31, 69},
                         {32, 21},
                         {40, 8'488},
                         {58, 21}});
}

}  // namespace exitledger
