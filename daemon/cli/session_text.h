// SPDX-License-Identifier: MIT
// A session on a terminal.
#pragma once

#include "model/session.h"

namespace exitledger::cli {

/// Both books reason by reason, KVM's statistics, time, what is known besides, and the verdict last; on stdout.
void print_session(const Session& session);

}  // namespace exitledger::cli
