// SPDX-License-Identifier: MIT
// The tables of a store, and how one schema becomes the next.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

namespace exitledger::schema {

/// In the file's header (PRAGMA application_id): "ExLe".
inline constexpr int kApplicationId = 0x45784c65;
/// PRAGMA user_version of what this program writes.
inline constexpr int kVersion = 4;

/// Why this file cannot be used, one clause; empty if it can: it is damaged, no store, or of a newer schema. Reads the
/// whole file once. An empty database is fine.
[[nodiscard]] std::string objection(const SQLite::Database& database);

/// PRAGMA user_version.
[[nodiscard]] int version(const SQLite::Database& database);

/// Brings the database to kVersion, in one transaction. Throws SQLite::Exception.
void migrate(SQLite::Database& database);

}  // namespace exitledger::schema
