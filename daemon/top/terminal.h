// SPDX-License-Identifier: MIT
// What terminfo knows. Apart from the screen: <term.h> takes words like "columns" and "lines" for itself.
#pragma once

namespace exitledger::top {

/// Whether terminfo has this type of terminal ($TERM; nullptr: none). newterm() would leave memory behind where it
/// has not.
[[nodiscard]] bool is_known_terminal(const char* type);

}  // namespace exitledger::top
