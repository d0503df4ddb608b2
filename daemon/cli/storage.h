// SPDX-License-Identifier: MIT
// The store as the command line names it.
#pragma once

#include <memory>

#include "base/log.h"
#include "cli/options.h"
#include "model/result.h"
#include "store/recorder.h"

namespace exitledger::cli {

/// Opens the store for writing and marks what a daemon that was killed left running, which `log` is told. nullptr where
/// sessions are kept in memory alone. Errors: as Store::open(); ENOSPC where the disk is full.
[[nodiscard]] Result<std::unique_ptr<Recorder>> open_recorder(const Common& common, const Log& log);

/// The id of the next session: 1 without a store.
[[nodiscard]] Result<std::uint64_t> first_id(const std::unique_ptr<Recorder>& recorder);

}  // namespace exitledger::cli
