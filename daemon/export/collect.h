// SPDX-License-Identifier: MIT
// One scrape's worth of the books.
#pragma once

#include <cstdint>

#include "export/snapshot.h"
#include "session/books.h"
#include "witness/process.h"

namespace exitledger {

/// Newest figures of everything; `names` follows the VMs. Call it from the thread that owns the books.
[[nodiscard]] ExportSnapshot collect(Books& books, VmNameBook& names, std::int64_t started_unix_ns);

}  // namespace exitledger
