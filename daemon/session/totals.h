// SPDX-License-Identifier: MIT
// Sums over the sessions of one paging mode: what counters in /metrics are made from.
#pragma once

#include "model/paging_books.h"
#include "session/running.h"

namespace exitledger {

/// Adds a session as it stands; `sample` is the probe's newest.
void add(PagingBooks& books, const RunningSession& running, const ProbeSample& sample);

}  // namespace exitledger
