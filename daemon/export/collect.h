// SPDX-License-Identifier: MIT
// One scrape's worth of the books.
#pragma once

#include <cstdint>
#include <filesystem>

#include "export/snapshot.h"
#include "session/books.h"

namespace exitledger {

/// Newest figures of everything; VM names are looked up below `proc`. Call it from the thread that owns the books.
[[nodiscard]] ExportSnapshot collect(Books& books, const std::filesystem::path& proc, std::int64_t started_unix_ns);

}  // namespace exitledger
