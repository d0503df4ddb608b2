// SPDX-License-Identifier: MIT
// Rounds of a session in the store's table of that name.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <vector>

#include "model/reading.h"

namespace exitledger {

inline constexpr const char* kStartRounds = "start";
inline constexpr const char* kNewestRounds = "newest";

/// Replaces those of that kind. Within the caller's transaction; throws SQLite::Exception.
void write_rounds(SQLite::Database& database, std::int64_t session, const char* kind, const std::vector<Round>& rounds);

/// In the order in which they were written. Throws SQLite::Exception.
[[nodiscard]] std::vector<Round> read_rounds(const SQLite::Database& database, std::int64_t session, const char* kind);

}  // namespace exitledger
