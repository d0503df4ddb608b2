// SPDX-License-Identifier: MIT
#include "store/schema.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

namespace exitledger::schema {
namespace {

// What makes version N of version N - 1, at N - 1. Steps are never changed once they were released: stores hold them.
constexpr std::array kSteps{
    // 1: sessions and their rounds
    R"(
CREATE TABLE sessions (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  facts          TEXT NOT NULL,     -- JSON of the session without its rounds
  stored_unix_ns INTEGER NOT NULL,
  name           TEXT GENERATED ALWAYS AS (nullif(json_extract(facts, '$.name'), '')) VIRTUAL,
  state          TEXT GENERATED ALWAYS AS (json_extract(facts, '$.state')) VIRTUAL
);
CREATE UNIQUE INDEX sessions_name ON sessions (name);
CREATE TABLE rounds (
  session     INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  kind        TEXT NOT NULL,        -- 'start': the zero point; 'newest': the newest reading
  position    INTEGER NOT NULL,     -- order within the reading
  cpu         INTEGER NOT NULL,
  reason      INTEGER NOT NULL,
  exit_window INTEGER NOT NULL,
  ebpf_before INTEGER NOT NULL,     -- counts are 64 bits, unsigned: above 2^63 SQLite shows them as negative
  leaf        INTEGER NOT NULL,
  ebpf_after  INTEGER NOT NULL,
  own         INTEGER NOT NULL,
  question    INTEGER NOT NULL,
  PRIMARY KEY (session, kind, position)
) WITHOUT ROWID;
)",
    // 2: views for people with sqlite3
    R"(
CREATE VIEW session_list AS
SELECT id, name, state, json_extract(facts, '$.paging') AS paging, json_extract(facts, '$.verdict') AS verdict,
       json_extract(facts, '$.exits') AS exits, json_extract(facts, '$.kernel') AS kernel,
       json_extract(facts, '$.run.experiment') AS experiment, json_extract(facts, '$.run.mode') AS mode,
       json_extract(facts, '$.run.number') AS run, json_extract(facts, '$.run.status') AS status,
       datetime(json_extract(facts, '$.started_unix_ns') / 1000000000, 'unixepoch') AS started,
       datetime(nullif(json_extract(facts, '$.ended_unix_ns'), 0) / 1000000000, 'unixepoch') AS ended
FROM sessions;
CREATE VIEW session_reasons AS
SELECT sessions.id AS session, json_extract(row.value, '$.number') AS number, json_extract(row.value, '$.name') AS name,
       json_extract(row.value, '$.ebpf') AS ebpf, json_extract(row.value, '$.leaf') AS leaf,
       json_extract(row.value, '$.own') AS own, json_extract(row.value, '$.residual') AS residual,
       json_extract(row.value, '$.verdict') AS verdict
FROM sessions, json_each(sessions.facts, '$.reasons') AS row;
)",
    // 3: sessions have what certificates rest on, and where time went. Of older ones it was not kept.
    R"(
UPDATE sessions SET facts = json_set(facts, '$.start_without_row', json('[]'))
WHERE json_type(facts, '$.start_without_row') IS NULL;
UPDATE sessions SET facts = json_set(facts, '$.time.reasons', (
  SELECT json_group_array(json_set(row.value, '$.raw', json('{"start":[],"rounds":[]}')))
  FROM json_each(sessions.facts, '$.time.reasons') AS row))
WHERE json_type(facts, '$.time.reasons[0]') IS NOT NULL AND json_type(facts, '$.time.reasons[0].raw') IS NULL;
UPDATE sessions SET facts = json_set(facts, '$.times_out', (
  SELECT json_group_array(json_set(row.value, '$.user_ns', NULL, '$.scheduled_out_ns', NULL))
  FROM json_each(sessions.facts, '$.times_out') AS row))
WHERE json_type(facts, '$.times_out[0]') IS NOT NULL AND json_type(facts, '$.times_out[0].user_ns') IS NULL;
)",
    // 4: a recorded run says whether a reload cut it short. Of older ones nothing was kept against them.
    R"(
UPDATE sessions SET facts = json_set(facts, '$.run.cut_short', json('false'))
WHERE json_type(facts, '$.run') = 'object' AND json_type(facts, '$.run.cut_short') IS NULL;
)",
};
static_assert(kSteps.size() == kVersion);

int pragma(const SQLite::Database& database, const char* name) {
  SQLite::Statement query{database, fmt::format("PRAGMA {}", name)};
  return query.executeStep() ? query.getColumn(0).getInt() : 0;
}

bool is_empty(const SQLite::Database& database) {
  SQLite::Statement query{database, "SELECT count(*) FROM sqlite_schema"};
  return query.executeStep() && query.getColumn(0).getInt() == 0;
}

std::string damage(const SQLite::Database& database) {
  SQLite::Statement query{database, "PRAGMA quick_check(1)"};
  if (!query.executeStep()) return "cannot be checked";
  const std::string said = query.getColumn(0).getString();
  return said == "ok" ? "" : said;
}

}  // namespace

int version(const SQLite::Database& database) { return pragma(database, "user_version"); }

std::string objection(const SQLite::Database& database) {
  const int found = version(database);
  if (found == 0 && is_empty(database)) return {};
  if (pragma(database, "application_id") != kApplicationId) return "is a database of another program";
  if (found > kVersion)
    return fmt::format("was written by a newer exitledger (schema {}, this one knows {})", found, kVersion);
  const std::string damaged = damage(database);
  return damaged.empty() ? "" : "is damaged: " + damaged;
}

void migrate(SQLite::Database& database) {
  SQLite::Transaction transaction{database};
  for (int step = version(database); step < kVersion; ++step) database.exec(kSteps.at(static_cast<std::size_t>(step)));
  database.exec(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", kApplicationId, kVersion));
  transaction.commit();
}

}  // namespace exitledger::schema
