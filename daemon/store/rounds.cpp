// SPDX-License-Identifier: MIT
#include "store/rounds.h"

#include <SQLiteCpp/VariadicBind.h>

namespace exitledger {
namespace {

// SQLite's integers are signed: the bits are kept.
std::int64_t stored(std::uint64_t count) { return static_cast<std::int64_t>(count); }
std::uint64_t count_in(const SQLite::Column& column) { return static_cast<std::uint64_t>(column.getInt64()); }

}  // namespace

void write_rounds(SQLite::Database& database, std::int64_t session, const char* kind,
                  const std::vector<Round>& rounds) {
  SQLite::Statement old{database, "DELETE FROM rounds WHERE session = ? AND kind = ?"};
  old.bind(1, session);
  old.bind(2, kind);
  old.exec();
  SQLite::Statement row{database,
                        "INSERT INTO rounds (session, kind, position, cpu, reason, exit_window, ebpf_before, leaf, "
                        "ebpf_after, own, question) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
  std::int64_t position = 0;
  for (const Round& round : rounds) {
    row.reset();
    SQLite::bind(row, session, kind, position++, round.cpu, std::uint32_t{round.reason}, round.window,
                 stored(round.ebpf_before), stored(round.leaf), stored(round.ebpf_after), stored(round.own),
                 round.question);
    row.exec();
  }
}

std::vector<Round> read_rounds(const SQLite::Database& database, std::int64_t session, const char* kind) {
  SQLite::Statement rows{database,
                         "SELECT cpu, reason, exit_window, ebpf_before, leaf, ebpf_after, own, question FROM rounds "
                         "WHERE session = ? AND kind = ? ORDER BY position"};
  rows.bind(1, session);
  rows.bind(2, kind);
  std::vector<Round> rounds;
  while (rows.executeStep())
    rounds.push_back({.cpu = rows.getColumn(0).getUInt(),
                      .reason = static_cast<Reason>(rows.getColumn(1).getUInt()),
                      .window = rows.getColumn(2).getUInt(),
                      .ebpf_before = count_in(rows.getColumn(3)),
                      .leaf = count_in(rows.getColumn(4)),
                      .ebpf_after = count_in(rows.getColumn(5)),
                      .own = count_in(rows.getColumn(6)),
                      .question = rows.getColumn(7).getUInt()});
  return rounds;
}

}  // namespace exitledger
