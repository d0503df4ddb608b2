// SPDX-License-Identifier: MIT
// Sessions as values, wherever they come from.
#pragma once

#include <string>
#include <vector>

#include "cli/options.h"
#include "model/result.h"
#include "model/session.h"
#include "session/session_json.h"

namespace exitledger::cli {

/// All sessions that are kept, oldest first and without their rounds: the daemon's, or without one the store's. Error:
/// neither is there.
[[nodiscard]] Result<std::vector<Session>> fetch_sessions(const Common& common);

/// With their rounds; of these ids or names alone, in the order of the sessions, unless `ids` is empty.
[[nodiscard]] Result<std::vector<Session>> fetch_with_rounds(const Common& common, const std::vector<std::string>& ids);

/// The session of that id or, if no id fits, of that name. Error names those that exist.
[[nodiscard]] Result<Session> pick(const std::vector<Session>& sessions, const std::string& id_or_name);

}  // namespace exitledger::cli
