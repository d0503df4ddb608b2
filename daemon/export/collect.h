// SPDX-License-Identifier: MIT
// One scrape's worth of the books.
#pragma once

#include <cstddef>
#include <cstdint>

#include "export/snapshot.h"
#include "session/books.h"

namespace exitledger {

/// Newest figures of everything; of the VMs at most `vm_limit` are listed. Call it from the thread that owns the books.
[[nodiscard]] ExportSnapshot collect(Books& books, std::size_t vm_limit, std::int64_t started_unix_ns);

}  // namespace exitledger
