// SPDX-License-Identifier: MIT
// Experiments as `exitledger experiment` leaves them in the store, for tests.
#pragma once

#include <string>
#include <vector>

#include "session/sessions_for_tests.h"

namespace exitledger {

/// One run of mode "ept" or "shadow"; `number` from 1, sessions are numbered and begin in the order of the runs.
/// `rows` replaces the counts of the demo.
inline Session run_of(const std::string& experiment, Paging paging, std::uint32_t number,
                      const std::vector<Row>& rows = {}) {
  const bool is_ept = paging == Paging::kEpt;
  Session session = is_ept ? ept_session() : shadow_session();
  if (!rows.empty()) session = agreed_session("", paging, rows);
  const std::uint32_t order = 2 * number - (is_ept ? 1 : 0);
  session.id = std::to_string(100 + order);
  session.started_unix_ns += 100'000'000'000 * std::int64_t{order};
  session.ended_unix_ns += 100'000'000'000 * std::int64_t{order};
  session.epoch += order;
  session.run = {"boot-guest --forks 50", experiment, std::string(to_string(paging)), number, 0};
  return session;
}

/// `runs` of each mode, interleaved. Of CR_ACCESS (28) run i has 10 + i under EPT and 18,000 + 10 i under shadow
/// paging.
inline std::vector<Session> experiment_of(const std::string& name, std::uint32_t runs) {
  std::vector<Session> sessions;
  for (std::uint32_t i = 1; i <= runs; ++i) {
    sessions.push_back(run_of(name, Paging::kEpt, i, {{1, 7'000 + i}, {10, 1'735, 80}, {28, 10 + i}, {48, 592}}));
    sessions.push_back(
        run_of(name, Paging::kShadow, i, {{0, 23'000 + i}, {1, 7'003}, {10, 1'730, 80}, {28, 18'000 + 10 * i}}));
  }
  return sessions;
}

/// A text that tries to be markup, a formula and an escape sequence at once.
inline std::string hostile_name() {
  return "=cmd|'x'!A1\"><script>alert(1)</script>&amp; a|b `c` [d](https://e.example) \xE2\x80\xAE\x1b[31m\r\n\xC3\xBC "
         "\xF0\x9F\xA6\x80 \xFF";
}

}  // namespace exitledger
