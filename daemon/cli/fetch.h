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

/// All sessions that the daemon keeps, oldest first. Error: no daemon; without one there is only the present.
[[nodiscard]] Result<std::vector<Session>> fetch_sessions(const Common& common);

/// The session of that id or, if no id fits, of that name. Error names those that exist.
[[nodiscard]] Result<Session> pick(const std::vector<Session>& sessions, const std::string& id_or_name);

}  // namespace exitledger::cli
